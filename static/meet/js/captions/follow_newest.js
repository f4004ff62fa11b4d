/** Follows the newest line; or, once the reader has scrolled up, holds what they read in its place while lines come and
 *  go around it. Then a button leads back and counts what is new. */

const NEAR = 48;              // px from the end that still count as the end

export class FollowNewest {
  on = true;
  /** @type {Element | null} */ anchor = null;   // what the reader looks at, while nothing is followed
  #offset = 0;                // where it stands
  #top = 0;                   // where the view stood last
  #scroll; #list; #newest; #onMove; #isNewest;
  /** @type {Set<string>} */ #unread = new Set();

  /** @param {{scroll: HTMLElement, list: HTMLElement,
   *   newest: {button: HTMLElement, count: HTMLElement} | null, onMove: () => void, isNewest: () => boolean}} options
   *   list: what grows; newest: what leads back; isNewest: whether the list ends with the newest line */
  constructor({ scroll, list, newest, onMove, isNewest }) {
    this.#scroll = scroll;
    this.#list = list;
    this.#newest = newest;
    this.#onMove = onMove;
    this.#isNewest = isNewest;
    scroll.addEventListener('scroll', () => {
      this.#look();
      this.#onMove();
    }, { passive: true });
    const grown = new ResizeObserver(() => this.keep());
    grown.observe(scroll);
    grown.observe(list);
  }

  /** A line came. @param {string} id */
  count(id) { if (!this.on) this.#unread.add(id); }

  /** It is gone again. @param {string} id */
  forget(id) { this.#unread.delete(id); }

  /** Back to the newest. */
  follow() {
    this.on = true;
    this.keep();
  }

  /** Before lines are put in above: what the reader looks at now. */
  mark() { this.#look(); }

  /** The page changed: stay at the end, or where the reader is. */
  keep() {
    if (this.on) this.#scroll.scrollTop = this.#scroll.scrollHeight;
    else if (this.anchor?.isConnected) {
      const moved = this.#topOf(this.anchor) - this.#offset;
      if (Math.abs(moved) >= 1) this.#scroll.scrollTop += moved;
    } else this.#pick();
    this.#top = this.#scroll.scrollTop;
    this.#draw();
  }

  /** Only who moves up leaves the end; a line that grows moves nobody. */
  #look() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroll;
    if (scrollHeight - scrollTop - clientHeight < NEAR && this.#isNewest()) this.on = true;
    else if (scrollTop < this.#top - 1) this.on = false;
    this.#top = scrollTop;
    this.#pick();
    this.#draw();
  }

  #pick() {
    this.anchor = this.on ? null : [...this.#list.children].find((line) => this.#topOf(line) + line.clientHeight > 0) ?? null;
    if (this.anchor) this.#offset = this.#topOf(this.anchor);
  }

  /** How far below the upper edge of the view. @param {Element} line */
  #topOf(line) { return line.getBoundingClientRect().top - this.#scroll.getBoundingClientRect().top; }

  #draw() {
    if (this.on) this.#unread.clear();
    if (!this.#newest) return;
    this.#newest.button.hidden = this.on;
    this.#newest.count.textContent = this.#unread.size ? String(this.#unread.size) : '';
  }
}
