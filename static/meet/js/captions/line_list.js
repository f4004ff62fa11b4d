/** A list of the record on the page: the newest line followed, at most 300 lines, the others fetched as one scrolls there. */

import { FollowNewest } from './follow_newest.js';
import { say } from '../shared/page.js';
import { keyOf } from './older_lines.js';
import { MOST, LineWindow } from './line_window.js';

const LAST = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/**
 * @typedef {import('./older_lines.js').Event} Event
 * @typedef {import('./line_order.js').Line & {seq: number, waiting?: boolean, element: HTMLElement}} Line  seq: Infinity
 *   until it is settled; waiting: it is not sent yet
 * @typedef {'older' | 'newer' | 'newest' | 'same'} Where  same: those that are here, once more
 */

export class LineList {
  #stretch = /** @type {LineWindow<Line>} */ (new LineWindow());
  #following; #scroll; #list; #empty; #earlier; #pages;
  #loads = 0;                 // what comes of an earlier one is of no use any more
  #loading = false;
  #failed = false;
  /** @type {(() => void)[]} */ #aside = [];       // what was beyond the ends while a page was on its way

  /** An event of a page, to be drawn by whoever draws such lines. @type {(event: Event) => void} */ take = () => {};
  /** A line stands after another one now. @type {(line: Line, before: Line | undefined) => void} */ onPlace = () => {};

  /** @param {{scroll: HTMLElement, list: HTMLElement, empty: HTMLElement, earlier: HTMLButtonElement,
   *   newest: {button: HTMLButtonElement, count: HTMLElement} | null, pages: import('./older_lines.js').OlderLines}} pieces */
  constructor({ scroll, list, empty, earlier, newest, pages }) {
    this.#scroll = scroll;
    this.#list = list;
    this.#empty = empty;
    this.#earlier = earlier;
    this.#pages = pages;
    this.#following = new FollowNewest({
      scroll, list, newest, onMove: () => this.#reach(true), isNewest: () => !this.#stretch.newer,
    });
    newest?.button.addEventListener('click', () => this.follow());
    earlier.addEventListener('click', () => void this.#load('older'));
  }

  get lines() { return this.#stretch.lines; }

  /** @param {string} id */
  get(id) { return this.#stretch.get(id); }

  /** @param {Line} line @returns {boolean} whether its place is in the page */
  put(line) {
    if (!this.#stretch.holds(line)) return false;
    const place = this.#stretch.put(line);
    this.#list.insertBefore(line.element, this.lines[place + 1]?.element ?? null);
    this.#regroup(place);
    return true;
  }

  /** @param {string} id */
  remove(id) {
    const line = this.get(id);
    if (!line) return;
    const place = this.#stretch.remove(id);
    line.element.remove();
    this.#following.forget(id);
    this.#regroup(place);
  }

  /** Something of a line changed that the one after it depends on. @param {string} id */
  regroup(id) { this.#regroup(this.lines.findIndex((line) => line.id === id)); }

  /** To be done again once the page that is on its way is here, which may know less. @param {() => void} again */
  later(again) { if (this.#loading) this.#aside.push(again); }

  /** A line came that the reader has not seen, whether its place is in the page or not. @param {string} id */
  count(id) { this.#following.count(id); }

  clear() {
    this.#loads += 1;
    this.#loading = false;
    for (const line of this.lines) line.element.remove();
    this.#stretch.clear();
    this.keep();
  }

  /** The newest lines are these. Who reads further up goes on there, with what may have changed.
   *  @param {Event[]} events @param {{seq: number, more: boolean}} how  more: there are older ones */
  restore(events, how) {
    if (!this.#following.on && this.lines.length) return void this.#load('same');
    this.#replace(events, how);
    this.#stretch.newer = false;
    this.#stretch.older = how.more;
    this.keep();
  }

  /** The newest are asked for again. */
  renew() { void this.#load('newest'); }

  /** To the newest line. */
  follow() {
    if (this.#stretch.newer) this.renew();
    else this.#following.follow();
  }

  /** The page changed. */
  keep() {
    this.#trim();
    this.#empty.hidden = this.lines.length > 0;
    this.#scroll.setAttribute('aria-busy', String(this.#loading));
    this.#earlier.hidden = !this.#stretch.older;
    this.#earlier.textContent = say(this.#failed ? 'earlier-failed' : 'earlier');
    this.#following.keep();
    this.#reach(false);
  }

  /** What is settled is now this, from its first line on; what was said since stays.
   *  @param {Event[]} events @param {{seq: number, more: boolean}} how */
  #replace(events, { seq, more }) {
    const there = new Set(events.map((one) => keyOf(one).id));
    const from = more && events.length ? keyOf(events[0]).at : -Infinity;
    for (const line of [...this.lines]) {
      const since = line.seq > seq && line.at >= from;
      if (!since && !line.waiting && !there.has(line.id)) this.remove(line.id);
    }
    this.#add(events);
  }

  /** @param {Event[]} events */
  #add(events) {
    const { older, newer } = this.#stretch;
    this.#stretch.older = this.#stretch.newer = false;
    for (const event of events) this.take(event);
    Object.assign(this.#stretch, { older, newer });
  }

  /** @param {Where} where */
  async #load(where) {
    this.#loads += 1;
    const load = this.#loads;
    this.#loading = true;
    this.#failed = false;
    this.#aside = [];
    this.#scroll.setAttribute('aria-busy', 'true');
    try {
      const page = await this.#pages.read(this.#asked(where));
      if (load !== this.#loads) return;
      this.#following.mark();
      if (page) this.#show(where, page);
      this.#loading = false;
      for (const again of this.#aside) again();
    } catch (error) {
      console.warn(error);
      this.#failed = load === this.#loads;
    } finally {
      if (load === this.#loads) this.#loading = false;
    }
    this.keep();
  }

  /** @param {Where} where */
  #asked(where) {
    const { [0]: first, [this.lines.length - 1]: last } = this.lines;
    if (where === 'older') return { before: first };
    if (where === 'newer') return { after: last };
    return where === 'same' && first ? { after: { at: first.at - 1, id: LAST }, size: MOST } : {};
  }

  /** @param {Where} where @param {import('./older_lines.js').Page} page */
  #show(where, { lines, seq, more }) {
    if (where === 'older' || where === 'newer') this.#add(lines);
    else this.#replace(lines, { seq, more: more && where === 'newest' });
    if (where === 'older' || where === 'newest') this.#stretch.older = more;
    if (where !== 'older') this.#stretch.newer = more && where !== 'newest';
    if (where === 'newest') this.#following.on = true;
    if (where === 'newer') this.#following.mark();       // this may have been the end of the record
  }

  /** Near an end of what is here, more is fetched. @param {boolean} moved  by the reader: what failed is tried again */
  #reach(moved) {
    if (this.#loading || (this.#failed && !moved)) return;
    const { scrollTop, scrollHeight, clientHeight } = this.#scroll;
    if (this.#stretch.older && scrollTop < clientHeight) void this.#load('older');
    else if (this.#stretch.newer && scrollHeight - scrollTop < 2 * clientHeight) void this.#load('newer');
  }

  #trim() {
    const { on, anchor } = this.#following;
    const reader = on ? this.lines.length : this.lines.findIndex(({ element }) => element === anchor);
    const gone = this.#stretch.surplus(reader);
    if (!gone.length) return;
    for (const line of gone) line.element.remove();
    this.#stretch.drop(gone);
    this.#regroup(0);
    if (this.#loading) this.#loads += 1;         // it was asked for from an end that is none any more
    this.#loading = false;
  }

  /** @param {number} place  of what changed */
  #regroup(place) {
    for (const at of [place, place + 1]) if (this.lines[at]) this.onPlace(this.lines[at], this.lines[at - 1]);
  }
}
