/** Who is here, and who speaks now. */

import { copyOf, piece, say, within } from './page.js';
import { initial } from './speakers.js';

export class Members {
  #list = piece('members', HTMLElement);
  #count = piece('member-count', HTMLElement);
  #speakers;
  #you = '';
  /** @type {Map<string, HTMLElement>} */ #rows = new Map();
  /** @type {Set<string>} */ #speaking = new Set();

  /** @param {import('./speakers.js').Speakers} speakers */
  constructor(speakers) { this.#speakers = speakers; }

  /** Who reads this page. @param {string} id */
  set you(id) { this.#you = id; }

  /** @param {import('./events.js').Member[]} members */
  show(members) {
    const here = new Set(members.map((one) => one.id));
    for (const [id, row] of this.#rows) if (!here.has(id)) this.#remove(id, row);
    for (const member of members) this.#write(member);
    this.#list.append(...members.map((one) => /** @type {HTMLElement} */ (this.#rows.get(one.id))));
    this.#count.textContent = String(members.length);
  }

  /** @param {string} id @param {boolean} speaking */
  speak(id, speaking) {
    if (speaking) this.#speaking.add(id);
    else this.#speaking.delete(id);
    this.#rows.get(id)?.toggleAttribute('data-speaking', speaking);
  }

  /** Who spoke when the line broke may have stopped since. Nobody says it again: who speaks on is shown with their next
   *  clip, as to somebody who comes late. */
  forget() {
    for (const id of [...this.#speaking]) this.speak(id, false);
  }

  /** @param {import('./events.js').Member} member */
  #write({ id, name, host }) {
    const row = this.#rows.get(id) ?? copyOf('member-template');
    this.#rows.set(id, row);
    row.dataset.participant = id;
    row.dataset.kind = String(this.#speakers.kind(id));
    row.toggleAttribute('data-speaking', this.#speaking.has(id));
    within(row, '.mark').textContent = initial(name);
    within(row, '.member-name').textContent = name;
    const tags = [...(id === this.#you ? [say('you')] : []), ...(host ? [say('host')] : [])];
    within(row, '.member-tags').textContent = tags.join(' · ');
  }

  /** @param {string} id @param {HTMLElement} row */
  #remove(id, row) {
    row.remove();
    this.#rows.delete(id);
    this.#speaking.delete(id);
  }
}
