/** Who is here, and who speaks now. */

import { copyOf, piece, say, within } from '../shared/page.js';
import { initial } from './speakers.js';

export class Members {
  #list = piece('members', HTMLElement);
  #counts = [piece('member-count', HTMLElement), piece('members-fold-count', HTMLElement)];
  #speakers;
  #you = '';
  /** @type {Map<string, HTMLElement>} */ #rows = new Map();
  /** @type {Set<string>} */ #speaking = new Set();

  /** @param {import('./speakers.js').Speakers} speakers */
  constructor(speakers) { this.#speakers = speakers; }

  /** Who reads this page. @param {string} id */
  set you(id) { this.#you = id; }

  /** @param {import('../connection/events.js').Member[]} members */
  show(members) {
    const here = new Set(members.map((one) => one.id));
    for (const [id, row] of this.#rows) if (!here.has(id)) this.#remove(id, row);
    for (const member of members) this.#write(member);
    this.#list.append(...arranged(members).map((one) => /** @type {HTMLElement} */ (this.#rows.get(one.id))));
    for (const count of this.#counts) count.textContent = String(members.filter((one) => !one.shared_by).length);
  }

  /** @param {string} id @param {boolean} speaking */
  speak(id, speaking) {
    if (speaking) this.#speaking.add(id);
    else this.#speaking.delete(id);
    this.#rows.get(id)?.toggleAttribute('data-speaking', speaking);
  }

  /** These speak now, and nobody else. @param {string[]} ids */
  speakNow(ids) {
    for (const id of [...this.#speaking]) if (!ids.includes(id)) this.speak(id, false);
    for (const id of ids) this.speak(id, true);
  }

  /** @param {import('../connection/events.js').Member} member */
  #write({ id, name, host, shared_by: owner }) {
    const row = this.#rows.get(id) ?? copyOf('member-template');
    this.#rows.set(id, row);
    row.dataset.participant = id;
    row.dataset.kind = String(this.#speakers.kind(id));
    row.toggleAttribute('data-speaking', this.#speaking.has(id));
    within(row, '.mark').textContent = initial(name);
    within(row, '.member-name').textContent = name;
    row.toggleAttribute('data-shared', Boolean(owner));
    const mine = id === this.#you || owner === this.#you;
    within(row, '.member-rename').hidden = id !== this.#you;
    const tags = [...(mine ? [say(owner ? 'yours' : 'you')] : []), ...(host ? [say('host')] : [])];
    within(row, '.member-tags').textContent = tags.join(' · ');
  }

  /** @param {string} id @param {HTMLElement} row */
  #remove(id, row) {
    row.remove();
    this.#rows.delete(id);
    this.#speaking.delete(id);
  }
}

/** Each person, and below them the sound that they share. @param {import('../connection/events.js').Member[]} members */
function arranged(members) {
  const sounds = members.filter((one) => one.shared_by);
  const people = members.filter((one) => !one.shared_by);
  return people.flatMap((person) => [person, ...sounds.filter((one) => one.shared_by === person.id)]);
}
