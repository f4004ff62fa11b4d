/** The stretch of the record that is in the page: its lines in order, and whether there are more beyond either end. */

import { byTime, placeOf } from './line_order.js';

export const MOST = 300;      // lines in the page

/** @typedef {import('./line_order.js').Key} Key */

/** @template {Key} T */
export class LineWindow {
  /** @type {T[]} */ lines = [];
  older = false;              // whether there are lines before the first of these
  newer = false;              // and after the last
  /** @type {Map<string, T>} */ #byId = new Map();

  /** @param {string} id */
  get(id) { return this.#byId.get(id); }

  /** Whether a line's place lies here: what lies beyond an end comes when the reader goes there. @param {Key} line */
  holds(line) {
    const { [0]: first, [this.lines.length - 1]: last } = this.lines;
    if (this.older && first && byTime(line, first) < 0) return false;
    return !(this.newer && last && byTime(line, last) > 0);
  }

  /** @param {T} line @returns {number} its place */
  put(line) {
    const place = placeOf(this.lines, line);
    this.lines.splice(place, 0, line);
    this.#byId.set(line.id, line);
    return place;
  }

  /** @param {string} id @returns {number} the place it had */
  remove(id) {
    const line = this.#byId.get(id);
    if (!line) return -1;
    const place = this.lines.indexOf(line);
    this.lines.splice(place, 1);
    this.#byId.delete(id);
    return place;
  }

  /** Of more lines than the page holds: those that go, at the end that is farther from the reader.
   *  @param {number} reader  the place of what they look at @returns {T[]} */
  surplus(reader) {
    const many = this.lines.length - MOST;
    if (many <= 0) return [];
    return reader < this.lines.length / 2 ? this.lines.slice(MOST) : this.lines.slice(0, many);
  }

  /** Lines go that can be had again. @param {T[]} lines  at one end */
  drop(lines) {
    if (lines.length && lines[0] === this.lines[0]) this.older = true;
    else if (lines.length) this.newer = true;
    for (const line of lines) this.remove(line.id);
  }

  clear() {
    this.lines = [];
    this.older = this.newer = false;
    this.#byId.clear();
  }
}
