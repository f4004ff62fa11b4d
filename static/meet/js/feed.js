/** The order of a meeting's durable events: which has been seen, and whether one was missed. No timer, no socket. */

export class Feed {
  /** @type {number | null} */ meeting = null;
  /** Whether the meeting is over, and no other has begun that we know of. */
  ended = false;
  #seq = 0;                                    // everything up to here was seen
  #newest = 0;                                 // that we heard of
  /** @type {Set<number>} */ #ahead = new Set();

  /** Whether something is missing: then the newest state must be asked for, unless what is on its way arrives first. */
  get behind() { return this.#newest > this.#seq; }

  /** @param {import('./events.js').ServerEvent} event
   *  @returns {boolean} whether it is a snapshot of another meeting than the one that is shown */
  see(event) {
    if (event.type === 'snapshot') return this.#restart(event.meeting, event.seq);
    if (event.type === 'tick') this.#tick(event);
    else if (event.type === 'meeting_ended') this.ended = true;
    else if ('seq' in event && typeof event.seq === 'number') this.#take(event.seq);
    return false;
  }

  /** A snapshot holds everything up to its seq; what came meanwhile counts on top of it.
   *  @param {number | null} meeting @param {number} seq */
  #restart(meeting, seq) {
    if (meeting === null && this.ended) {
      this.#newest = this.#seq;
      return false;
    }
    const another = meeting !== this.meeting && (this.meeting !== null || this.ended);
    if (another) this.#ahead.clear();
    this.ended = this.ended && meeting === this.meeting;
    this.meeting = meeting;
    this.#seq = seq;
    for (const one of this.#ahead) if (one <= seq) this.#ahead.delete(one);
    this.#close();
    this.#newest = Math.max(this.#seq, ...this.#ahead);
    return another;
  }

  /** A tick of another meeting says that we missed its beginning. @param {import('./events.js').Tick} event */
  #tick({ meeting, seq }) {
    if (this.meeting === null) this.meeting = meeting;
    if (meeting !== this.meeting) this.#newest = Infinity;
    else this.#newest = Math.max(this.#newest, seq);
  }

  /** Numbers that begin again after an end are another meeting's. @param {number} seq */
  #take(seq) {
    if (this.ended && seq <= this.#seq) this.#newest = Infinity;
    this.#newest = Math.max(this.#newest, seq);
    if (seq > this.#seq) this.#ahead.add(seq);
    this.#close();
  }

  #close() {
    while (this.#ahead.delete(this.#seq + 1)) this.#seq += 1;
  }
}
