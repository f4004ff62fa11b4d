/** Calling oneself something else: a sheet with the name, opened at one's own place in the list of people. */

import { rename } from '../connection/events.js';
import { piece, say, why } from '../shared/page.js';

export class Renaming {
  #sheet = piece('rename', HTMLDialogElement);
  #field = piece('rename-name', HTMLInputElement);
  #problem = piece('rename-problem', HTMLElement);
  #send; #tell;
  /** @type {string | null} */ #asked = null;     // while the server has not answered
  /** Who reads this page. */
  you = { id: '', name: '' };

  /** @param {{send: (event: object) => boolean, tell: (words: string) => unknown}} options */
  constructor({ send, tell }) {
    this.#send = send;
    this.#tell = tell;
    piece('members', HTMLElement).addEventListener('click', ({ target }) => {
      if (target instanceof Element && target.closest('.member-rename')) this.#open();
    });
    piece('rename-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      this.#ask();
    });
    piece('rename-cancel', HTMLButtonElement).addEventListener('click', () => this.#sheet.close());
    this.#sheet.addEventListener('close', () => { this.#asked = null; });
  }

  /** @param {import('../connection/events.js').Renamed} event */
  hear({ participant, name }) {
    if (participant !== this.you.id) return;
    const wanted = this.#asked;
    this.you = { id: participant, name };
    this.#sheet.close();
    if (wanted !== null && wanted !== name) this.#tell(say('told-apart', { name }));
  }

  /** @param {import('../connection/events.js').ServerError} event @returns {boolean} whether it answers what was asked here */
  refuse(event) {
    if (this.#asked === null || !['bad_name', 'bad_field', 'too_many_names'].includes(event.code)) return false;
    this.#asked = null;
    this.#complain(why(event.code === 'bad_field' ? { ...event, code: 'bad_name' } : event));
    return true;
  }

  #open() {
    this.#field.value = this.you.name;
    this.#problem.hidden = true;
    this.#sheet.showModal();
    this.#field.select();
  }

  #ask() {
    const name = this.#field.value.trim().replace(/\s+/g, ' ');
    if (!this.#send(rename(name))) return this.#complain(say('not-now'));
    this.#asked = name;
  }

  /** @param {string} words */
  #complain(words) {
    this.#problem.textContent = words;
    this.#problem.hidden = false;
  }
}
