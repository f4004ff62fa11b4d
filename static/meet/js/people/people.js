/** The people of the room and what holds among them: each of their events goes where it belongs. */

import { LeaveRoom } from '../room/leave_room.js';
import { Members } from './members.js';
import { Names } from './names.js';
import { Renaming } from './renaming.js';
import { RoomSettings } from '../room/room_settings.js';

/** @typedef {import('../connection/events.js').Members | import('../connection/events.js').Speaking | import('../connection/events.js').Speakers |
 *   import('../connection/events.js').Room | import('../connection/events.js').Renamed | import('../connection/events.js').Left} PeopleEvent */

export class People {
  #names = new Names();
  #members; #renaming; #rules; #departure;

  /** @param {{speakers: import('./speakers.js').Speakers, spoken: import('../recording/spoken_language.js').SpokenLanguages, send: (event: object) => boolean,
   *   tell: (words: string) => unknown, uplink: import('../connection/uplink.js').Uplink,
   *   captures: import('../capture/capture.js').Capture[], onLeft: () => void}} options */
  constructor({ speakers, spoken, send, tell, uplink, captures, onLeft }) {
    this.#members = new Members(speakers);
    this.#renaming = new Renaming({ send, tell });
    this.#rules = new RoomSettings({ spoken, send, tell });
    this.#departure = new LeaveRoom({ uplink, captures, send, onOther: onLeft });
  }

  /** Who reads this page, under which name. */
  get you() { return this.#renaming.you; }

  /** @param {string} you */
  welcome(you) {
    this.#members.you = you;
    this.#renaming.you = { ...this.you, id: you };
    this.#departure.welcome();
  }

  /** @param {PeopleEvent} event */
  hear(event) {
    switch (event.type) {
      case 'members': return this.#meet(event.members);
      case 'speaking': return this.#members.speak(event.participant, event.speaking);
      case 'speakers': return this.#members.speakNow(event.participants);
      case 'room': return this.#rules.hear(event);
      case 'renamed':
        this.#names.hear(event.participant, event.name);
        return this.#renaming.hear(event);
      default: if (event.participant === this.you.id) this.#departure.hear();
    }
  }

  /** @param {import('../connection/events.js').ServerError} event @returns {boolean} whether it answers what somebody asked here */
  refuse(event) { return this.#renaming.refuse(event) || this.#rules.refuse(event); }

  /** @param {import('../connection/events.js').Member[]} here */
  #meet(here) {
    this.#members.show(here);
    for (const { id, name } of here) {
      this.#names.hear(id, name);
      if (id === this.you.id) this.#renaming.you = { id, name };
    }
  }
}
