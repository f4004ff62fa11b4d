/** Which moment of `performance.now()` a moment of the worklet was. Messages come late; the least late says it best. */

const BUCKET = 1000;          // ms
const BUCKETS = 10;           // two clocks drift apart less than 1 ms in so long
const SLIP = 250;             // ms: later than this for a whole second is lost time, not a late message

export class WorkletClock {
  /** @type {{second: number, offset: number}[]} */
  #buckets = [];

  /** A message about `at` (ms of the worklet) came at `now` (ms of the page).
   *  @param {number} at @param {number} now
   *  @returns {number} ms by which the worklet fell behind for good since the last message, mostly 0 */
  hear(at, now) {
    const offset = now - at;
    const second = Math.floor(now / BUCKET);
    const last = this.#buckets.at(-1);
    if (last?.second === second) {
      last.offset = Math.min(last.offset, offset);
      return 0;
    }
    const slipped = this.#slip();
    this.#buckets.push({ second, offset });
    if (this.#buckets.length > BUCKETS) this.#buckets.shift();
    return slipped;
  }

  /** @param {number} at  ms of the worklet @returns {number} ms of the page */
  when(at) { return at + this.#offset(this.#buckets); }

  /** Whether the whole of the last second was late: then the seconds before it count no more. */
  #slip() {
    const last = this.#buckets.at(-1);
    const before = this.#buckets.slice(0, -1);
    if (!last || !before.length) return 0;
    const late = last.offset - this.#offset(before);
    if (late < SLIP) return 0;
    this.#buckets = [last];
    return Math.round(late);
  }

  /** @param {{offset: number}[]} buckets */
  #offset(buckets) { return Math.min(...buckets.map((bucket) => bucket.offset)); }
}
