/** What lies beyond the lines in the page: asked for over HTTP, a page of the record at a time. */

const TRIES = 3;
const PAUSE = 1000;           // ms before the second one; then twice as long

/**
 * @typedef {import('../connection/events.js').Caption | import('../connection/events.js').Gap | import('../connection/events.js').Withdrawn |
 *   import('../connection/events.js').Message} Event
 * @typedef {{meeting: number, seq: number, lines: Event[], more: boolean}} Page  more: beyond it, the way it was asked for
 * @typedef {'captions' | 'messages' | 'all'} Kind
 */

export class OlderLines {
  #address; #meeting;
  /** @type {Kind} */ of;

  /** @param {{address: string, of: Kind, meeting: () => number | null}} options  meeting: the one that is shown */
  constructor({ address, of, meeting }) {
    this.#address = address;
    this.#meeting = meeting;
    this.of = of;
  }

  /** The lines before or after one, or the newest; null where no meeting is shown. Throws where they cannot be had.
   *  @param {{before?: import('./line_order.js').Key, after?: import('./line_order.js').Key, size?: number}} where
   *  @returns {Promise<Page | null>} */
  async read({ before, after, size }) {
    const meeting = this.#meeting();
    if (meeting === null) return null;
    const asked = new URLSearchParams({ meeting: String(meeting), of: this.of });
    if (before) asked.set('before', `${before.at},${before.id}`);
    if (after) asked.set('after', `${after.at},${after.id}`);
    if (size) asked.set('size', String(size));
    return this.#fetch(`${this.#address}?${asked}`);
  }

  /** @param {string} address @returns {Promise<Page>} */
  async #fetch(address) {
    for (let left = TRIES - 1, pause = PAUSE; ; left -= 1, pause *= 2) {
      try {
        const answer = await fetch(address, { headers: { Accept: 'application/json' } });
        if (answer.ok) return await answer.json();
        if (answer.status < 500 || !left) throw new LinesRefused(`the record's lines: ${answer.status}`);
      } catch (error) {
        if (error instanceof LinesRefused || !left) throw error;
      }
      await new Promise((done) => setTimeout(done, pause));
    }
  }
}

class LinesRefused extends Error {}

/** Where an event's line stands. @param {Event} event @returns {import('./line_order.js').Key} */
export function keyOf(event) {
  return event.type === 'message' ? { id: event.id, at: event.sent_at } : { id: event.clip, at: event.started_at };
}
