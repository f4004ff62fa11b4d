/** What was sent and not acknowledged yet: how much it is, and whether it is late. */

const LATE = 1500;            // ms: on a working line a chunk is acknowledged long before

/** @typedef {{bytes: number, sentAt: number}} Sent */

export class InFlight {
  /** @type {Map<string, Map<number, Sent>>} */ #clips = new Map();
  #bytes = 0;

  get bytes() { return this.#bytes; }

  /** @param {string} clip @param {number} number  of the chunk @param {Sent} sent */
  add(clip, number, sent) {
    this.land(clip, [number]);
    this.#clips.set(clip, (this.#clips.get(clip) ?? new Map()).set(number, sent));
    this.#bytes += sent.bytes;
  }

  /** These arrived. @param {string} clip @param {Iterable<number>} numbers */
  land(clip, numbers) {
    const sent = this.#clips.get(clip);
    for (const number of numbers) {
      this.#bytes -= sent?.get(number)?.bytes ?? 0;
      sent?.delete(number);
    }
  }

  /** Nothing of this clip is waited for any more. @param {string} clip */
  forget(clip) {
    this.land(clip, [...(this.#clips.get(clip)?.keys() ?? [])]);
    this.#clips.delete(clip);
  }

  clear() {
    this.#clips.clear();
    this.#bytes = 0;
  }

  /** Whether something waits longer than it should. @param {number} now  ms */
  late(now) {
    return [...this.#clips.values()].some((sent) => [...sent.values()].some((one) => one.sentAt < now - LATE));
  }
}
