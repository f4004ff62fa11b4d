/** Withdrawing a line of one's own: asked once, for it cannot be undone, and sent until the server has it. */

import { withdraw } from '../connection/events.js';
import { copyOf, piece, within } from '../shared/page.js';

export class Withdrawal {
  #list = piece('captions', HTMLElement);
  #scroll = piece('scroll', HTMLElement);
  #sheet = piece('withdraw-sheet', HTMLDialogElement);
  #quote = piece('withdraw-text', HTMLElement);
  #send;
  #clip = '';                                  // that is asked about
  /** @type {Set<string>} */ #own = new Set();          // whose lines are one's own: oneself, and the sound one shares
  /** @type {Set<string>} */ #asked = new Set();        // clips, until the server says that they are withdrawn

  /** @param {{send: (event: object) => boolean}} options */
  constructor({ send }) {
    this.#send = send;
    this.#list.addEventListener('click', ({ target }) => {
      const button = target instanceof Element && target.closest('[data-testid="withdraw"]');
      const line = button && button.closest('.caption');
      if (line instanceof HTMLElement) this.#ask(line);
    });
    this.#sheet.addEventListener('close', () => { if (this.#sheet.returnValue === 'withdraw') this.#confirmed(); });
  }

  /** @param {string} speaker */
  owns(speaker) { return this.#own.has(speaker); }

  /** The server is there; what it may not have heard is said again. @param {string} you */
  welcome(you) {
    this.own(you);
    for (const clip of this.#asked) this.#send(withdraw(clip));
  }

  /** A participant's lines are one's own. @param {string} speaker */
  own(speaker) {
    if (this.#own.has(speaker)) return;
    this.#own.add(speaker);
    for (const line of this.#list.querySelectorAll('.caption')) this.dress(/** @type {HTMLElement} */ (line));
  }

  /** A line of one's own gets its button. @param {HTMLElement} line */
  dress(line) {
    if (!this.owns(line.dataset.speaker ?? '') || !line.matches('.caption:not(.own)')) return;
    line.classList.add('own');
    line.append(copyOf('withdraw-template'));
  }

  /** It is withdrawn, or refused: who was at its button goes on in the list. @param {string} clip */
  settled(clip) {
    this.#asked.delete(clip);
    const line = this.#line(clip);
    line?.removeAttribute('aria-busy');
    if (line?.contains(document.activeElement)) this.#scroll.focus({ preventScroll: true });
    if (this.#clip === clip && this.#sheet.open) this.#sheet.close();
  }

  /** @param {HTMLElement} line */
  #ask(line) {
    this.#clip = line.dataset.clip ?? '';
    const text = within(line, '.caption-text');
    Object.assign(this.#quote, { textContent: text.textContent, lang: text.lang });
    this.#sheet.returnValue = '';
    this.#sheet.showModal();
  }

  #confirmed() {
    this.#quote.textContent = '';
    this.#asked.add(this.#clip);
    this.#line(this.#clip)?.setAttribute('aria-busy', 'true');
    this.#send(withdraw(this.#clip));
  }

  /** @param {string} clip @returns {HTMLElement | null} */
  #line(clip) { return this.#list.querySelector(`.caption[data-clip="${CSS.escape(clip)}"]`); }
}
