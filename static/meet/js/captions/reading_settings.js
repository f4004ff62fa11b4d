/** How a person reads: which languages, how large, and whether new captions are read out. Remembered on this machine. */

import { piece, say } from '../shared/page.js';
import { prefer, preference } from '../shared/preferences.js';

const SIZES = ['1.125rem', '1.3125rem', '1.5rem', '1.875rem', '2.375rem', '3rem'];
const USUAL = 2;
const ANNOUNCED = 5;          // lines kept in the live region

export class ReadingSettings {
  #boxes; #onLanguages;
  #size = preference('caption-size', USUAL);

  /** @param {(languages: string[]) => void} onLanguages */
  constructor(onLanguages) {
    this.#onLanguages = onLanguages;
    const set = piece('caption-languages', HTMLFieldSetElement);
    this.#boxes = /** @type {HTMLInputElement[]} */ ([...set.querySelectorAll('input')]);
    const chosen = preference('caption-languages', this.languages);
    for (const box of this.#boxes) box.checked = chosen.includes(box.value);
    set.addEventListener('change', () => this.#choose());
    piece('smaller', HTMLButtonElement).addEventListener('click', () => this.#resize(-1));
    piece('larger', HTMLButtonElement).addEventListener('click', () => this.#resize(1));
    this.#resize(0);
    const box = piece('announce-captions', HTMLInputElement);
    box.checked = preference('announce-captions', true);
    box.addEventListener('change', () => prefer('announce-captions', box.checked));
  }

  /** Those the reader wants. */
  get languages() { return this.#boxes.filter((box) => box.checked).map((box) => box.value); }

  /** For screen readers, politely: finals only, and messages. A revision takes the place of what was read before.
   *  @param {{name: string, text: string, lang: string, clip?: string}} said */
  announce({ name, text, lang, clip = '' }) {
    if (!piece('announce-captions', HTMLInputElement).checked) return;
    const region = piece('announce', HTMLElement);
    const line = document.createElement('p');
    line.lang = lang;
    line.dataset.of = clip;
    line.textContent = say('announced', { name, text });
    if (clip) this.hush(clip);
    region.append(line);
    while (region.children.length > ANNOUNCED) region.firstElementChild?.remove();
  }

  /** What was withdrawn or revised stands nowhere, and is announced no more. @param {string} clip */
  hush(clip) { piece('announce', HTMLElement).querySelector(`[data-of="${CSS.escape(clip)}"]`)?.remove(); }

  #choose() {
    prefer('caption-languages', this.languages);
    this.#onLanguages(this.languages);
  }

  /** @param {number} by */
  #resize(by) {
    this.#size = Math.min(SIZES.length - 1, Math.max(0, this.#size + by));
    if (by) prefer('caption-size', this.#size);
    document.documentElement.style.setProperty('--caption', SIZES[this.#size]);
    piece('smaller', HTMLButtonElement).disabled = this.#size === 0;
    piece('larger', HTMLButtonElement).disabled = this.#size === SIZES.length - 1;
  }
}
