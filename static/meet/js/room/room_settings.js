/** What the host decides about the room: everybody sees it as it changes, the host has a sheet to change it. */

import { setRoom } from '../connection/events.js';
import { piece, say, why } from '../shared/page.js';

export class RoomSettings {
  #spoken; #send; #tell;
  /** @type {import('../connection/events.js').Room | null} */ #room = null;
  /** @type {Sheet | null} */ #sheet = null;      // the host's

  /** @param {{spoken: import('../recording/spoken_language.js').SpokenLanguages, send: (event: object) => boolean,
   *   tell: (words: string) => unknown}} options */
  constructor({ spoken, send, tell }) {
    this.#spoken = spoken;
    this.#send = send;
    this.#tell = tell;
    if (document.getElementById('room-settings')) this.#sheet = new Sheet(() => this.#room, (wanted) => this.#send(setRoom(wanted)));
  }

  /** @param {import('../connection/events.js').Room} room */
  hear(room) {
    this.#room = room;
    piece('room-name', HTMLElement).textContent = room.name;
    document.title = room.name;
    const gone = this.#spoken.allow(room.languages);
    if (gone) this.#tell(say('language-gone', { language: gone }));
    this.#sheet?.settled();
  }

  /** @param {import('../connection/events.js').ServerError} event @returns {boolean} whether it answers what was asked here */
  refuse(event) { return this.#sheet?.refuse(event) ?? false; }
}

class Sheet {
  #sheet = piece('room-settings', HTMLDialogElement);
  #form = piece('room-settings-form', HTMLFormElement);
  #name = piece('settings-name', HTMLInputElement);
  #listed = piece('settings-listed', HTMLInputElement);
  #problem = piece('settings-problem', HTMLElement);
  #now; #ask;
  #asked = false;             // and the server has not answered

  /** @param {() => import('../connection/events.js').Room | null} now  what holds
   *  @param {(wanted: {name: string, listed: boolean, languages: string[]}) => boolean} ask */
  constructor(now, ask) {
    this.#now = now;
    this.#ask = ask;
    piece('open-settings', HTMLButtonElement).addEventListener('click', () => this.#open());
    piece('settings-cancel', HTMLButtonElement).addEventListener('click', () => this.#sheet.close());
    this.#sheet.addEventListener('close', () => { this.#asked = false; });
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit();
    });
  }

  /** What was asked holds now. */
  settled() { if (this.#asked) this.#sheet.close(); }

  /** @param {import('../connection/events.js').ServerError} event */
  refuse(event) {
    if (!this.#asked || !['bad_room_name', 'bad_field', 'not_host'].includes(event.code)) return false;
    this.#asked = false;
    this.#complain(why(event));
    return true;
  }

  get #languages() { return /** @type {NodeListOf<HTMLInputElement>} */ (this.#form.querySelectorAll('[name=language]')); }

  #open() {
    const room = this.#now();
    if (!room) return;                          // nothing is known before the line is there
    this.#name.value = room.name;
    this.#listed.checked = room.listed;
    for (const box of this.#languages) box.checked = room.languages.includes(box.value);
    this.#problem.hidden = true;
    this.#sheet.showModal();
  }

  #submit() {
    const languages = [...this.#languages].filter((box) => box.checked).map((box) => box.value);
    this.#asked = this.#ask({ name: this.#name.value, listed: this.#listed.checked, languages });
    if (!this.#asked) this.#complain(say('not-now'));
  }

  /** @param {string} words */
  #complain(words) {
    this.#problem.textContent = words;
    this.#problem.hidden = false;
  }
}
