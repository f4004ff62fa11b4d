/** The server's time, from pings: the offset of the quickest round trips, as NTP does it. */

const SAMPLES = 16;

/** @typedef {{roundTrip: number, offset: number}} Sample  both ms */

export class ServerClock {
  /** @type {Sample[]} */ #samples = [];
  #here;

  /** @param {() => number} [here]  this machine's time in ms, steady between two calls */
  constructor(here = () => performance.timeOrigin + performance.now()) { this.#here = here; }

  /** This machine's time. */
  here() { return this.#here(); }

  /** The server's time. */
  now() { return this.#here() + this.offset; }

  /** A ping came back. @param {number} sentAt  here @param {number} serverAt @param {number} [heardAt]  here */
  hear(sentAt, serverAt, heardAt = this.#here()) {
    this.#samples.push({ roundTrip: heardAt - sentAt, offset: serverAt - (sentAt + heardAt) / 2 });
    if (this.#samples.length > SAMPLES) this.#samples.shift();
  }

  /** A new connection may lead elsewhere: what was measured counts no more, but serves until something is. */
  restart() { this.#samples = this.#best().slice(0, 1).map((one) => ({ ...one, roundTrip: Infinity })); }

  /** ms to add to this machine's time: the median of the quicker half. */
  get offset() {
    const best = this.#best().map((one) => one.offset).sort((a, b) => a - b);
    return best.length ? best[best.length >> 1] : 0;
  }

  /** ms to the server and back, the newest; null before the first. @returns {number | null} */
  get roundTrip() {
    const last = this.#samples.at(-1);
    return last && Number.isFinite(last.roundTrip) ? last.roundTrip : null;
  }

  #best() {
    const sorted = [...this.#samples].sort((a, b) => a.roundTrip - b.roundTrip);
    const measured = sorted.filter((one) => Number.isFinite(one.roundTrip));
    return measured.length ? measured.slice(0, Math.ceil(measured.length / 2)) : sorted;
  }
}
