/** Follows the newest line, unless the reader has scrolled up to read; then a button leads back and counts what is new. */

import { piece } from './page.js';

const NEAR = 48;              // px from the end that still count as the end

export class Following {
  #scroll = piece('scroll', HTMLElement);
  #button = piece('newest', HTMLButtonElement);
  #count = piece('newest-count', HTMLElement);
  #on = true;
  #top = 0;                   // where it stood last
  #unread = 0;

  /** @param {HTMLElement} list  what grows */
  constructor(list) {
    this.#scroll.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    this.#button.addEventListener('click', () => {
      this.#on = true;
      this.keep();
    });
    const grown = new ResizeObserver(() => this.keep());
    grown.observe(this.#scroll);
    grown.observe(list);
  }

  /** A line came. */
  count() { if (!this.#on) this.#unread += 1; }

  /** The page changed: stay at the end, where the reader is there. */
  keep() {
    if (this.#on) this.#scroll.scrollTop = this.#scroll.scrollHeight;
    this.#top = this.#scroll.scrollTop;
    this.#draw();
  }

  /** Only who moves up leaves the end; a line that grows moves nobody. */
  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroll;
    if (scrollHeight - scrollTop - clientHeight < NEAR) this.#on = true;
    else if (scrollTop < this.#top - 1) this.#on = false;
    this.#top = scrollTop;
    this.#draw();
  }

  #draw() {
    if (this.#on) this.#unread = 0;
    this.#button.hidden = this.#on;
    this.#count.textContent = this.#unread ? String(this.#unread) : '';
  }
}
