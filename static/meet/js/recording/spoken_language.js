/** Which languages one may say one speaks: those that the host allows and the model knows, and that it finds out. */

import { piece } from '../shared/page.js';
import { preference } from '../shared/preferences.js';

export class SpokenLanguages {
  #select;
  /** @type {[string, string][]} */ #all = JSON.parse(piece('spoken-languages', HTMLElement).textContent ?? '[]');
  /** @type {string[]} */ #allowed = [];          // none: all
  /** @type {string[]} */ #known = [];

  /** @param {HTMLSelectElement} select */
  constructor(select) { this.#select = select; }

  /** What the model knows; none where it does not say. @param {import('../connection/events.js').Engine} engine */
  engine({ languages }) {
    if (languages?.length) this.#known = languages;
    this.#offer();
  }

  /** What the host allows; none: every language. @param {string[]} languages
   *  @returns {string | null} the language that was chosen and is not offered any more */
  allow(languages) {
    this.#allowed = languages;
    return this.#offer();
  }

  #offer() {
    const among = (/** @type {string[]} */ some, /** @type {string} */ code) => !some.length || some.includes(code);
    const offered = this.#all.filter(([code]) => !code || (among(this.#allowed, code) && among(this.#known, code)));
    const shown = [...this.#select.options].map((one) => one.value);
    if (shown.join() === offered.map(([code]) => code).join()) return null;
    const had = this.#select.selectedOptions[0];
    this.#select.replaceChildren(...offered.map(([code, name]) => new Option(name, code)));
    this.#select.value = preference('spoken-language', '');      // what was chosen comes back once it is offered again
    if (this.#select.selectedIndex < 0) this.#select.value = '';
    return had?.value && !offered.some(([code]) => code === had.value) ? had.text : null;
  }
}
