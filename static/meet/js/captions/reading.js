/** What is read where: captions and chat in two lists, or both in one by time; and what the page missed. */

import { Captions } from './captions.js';
import { Chat } from '../chat/chat.js';
import { Duplicates } from './duplicates.js';
import { byTime } from './line_order.js';
import { piece } from '../shared/page.js';
import { OlderLines, keyOf } from './older_lines.js';
import { LineList } from './line_list.js';
import { prefer, preference } from '../shared/preferences.js';

/** @typedef {import('./older_lines.js').Event} Event */

const CAPTIONS = { scroll: 'scroll', list: 'captions', empty: 'nothing', earlier: 'earlier', newest: 'newest' };
const MESSAGES = { scroll: 'messages', list: 'message-list', empty: 'no-messages', earlier: 'earlier-messages' };

export class Reading {
  captions; chat;
  #pages; #main; #side;
  #together = false;

  /** @param {{address: string, meeting: () => number | null, speakers: import('../people/speakers.js').Speakers,
   *   send: (event: object) => boolean, translates: boolean, languages: string[],
   *   onFinal: (caption: import('../connection/events.js').Caption, anew: boolean) => void,
   *   onMessage: (message: import('../connection/events.js').Message) => void, dress: (line: HTMLElement) => void,
   *   mayUnfold: (speakers: string[]) => boolean}} options
   *   address: where the record's lines are had; meeting: which one is shown */
  constructor({ address, meeting, speakers, send, translates, languages, onFinal, onMessage, dress, mayUnfold }) {
    this.#pages = new OlderLines({ address, meeting, of: 'captions' });
    this.#main = paneOf(CAPTIONS, this.#pages);
    this.#side = paneOf(MESSAGES, new OlderLines({ address, meeting, of: 'messages' }));
    const folded = new Duplicates({ pane: this.#main, send, may: mayUnfold });
    this.captions = new Captions({ pane: this.#main, speakers, translates, languages, onFinal, folded, dress });
    this.chat = new Chat({ pane: this.#side, send, speakers, onMessage });
    this.#main.take = this.#side.take = (event) => this.#take(event);
    const box = piece('together', HTMLInputElement);
    box.checked = preference('together', false);
    box.addEventListener('change', () => {
      prefer('together', box.checked);
      for (const { id, type } of [...this.#main.lines]) if (type === 'message') this.#main.remove(id);
      this.#join(box.checked);
      this.#main.renew();
      if (!box.checked) this.#side.renew();
    });
    this.#join(box.checked);
  }

  /** What was settled is now this; what is being said stays. @param {import('../connection/events.js').Snapshot} event */
  restore({ captions, messages, seq, more, more_messages }) {
    if (!this.#together) {
      this.#main.restore(captions, { seq, more });
      this.#side.restore(messages, { seq, more: more_messages });
      return;
    }
    // the one list begins where both are whole
    const from = Math.max(startOf(captions, more), startOf(messages, more_messages));
    const both = [...captions, ...messages].sort((one, other) => byTime(keyOf(one), keyOf(other)));
    const lines = both.filter((one) => keyOf(one).at >= from);
    this.#main.restore(lines, { seq, more: more || more_messages });
  }

  clear() {
    this.#main.clear();
    this.#side.clear();
    this.captions.clear();
    this.chat.clear();
  }

  /** @param {boolean} together */
  #join(together) {
    this.#together = together;
    this.#pages.of = together ? 'all' : 'captions';
    document.body.classList.toggle('together', together);
    this.#side.clear();
    this.chat.pane = together ? this.#main : this.#side;
  }

  /** @param {Event} event */
  #take(event) {
    if (event.type === 'message') this.chat.take(event);
    else this.captions.take(event);
  }
}

/** @param {Event[]} lines @param {boolean} more  there are older ones */
function startOf(lines, more) { return more && lines.length ? keyOf(lines[0]).at : -Infinity; }

/** @param {{scroll: string, list: string, empty: string, earlier: string, newest?: string}} ids @param {OlderLines} pages */
function paneOf({ scroll, list, empty, earlier, newest }, pages) {
  return new LineList({
    scroll: piece(scroll, HTMLElement),
    list: piece(list, HTMLElement),
    empty: piece(empty, HTMLElement),
    earlier: piece(earlier, HTMLButtonElement),
    newest: newest ? { button: piece(newest, HTMLButtonElement), count: piece(`${newest}-count`, HTMLElement) } : null,
    pages,
  });
}
