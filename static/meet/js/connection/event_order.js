/** The order of a meeting's durable events: which has been seen, and whether one was missed. No timer, no socket. */

const AFTERWARDS = new Set(['unsaid', 'withdrawn', 'folded']);   // may happen to what was said in a meeting long over
const REPORTED = 16;          // durable events: so often the server hears how far this page got

/** Whose an event is. `ours`: of the meeting that is shown, or of none; `another`: the first of another meeting, so that
 *  what is shown goes; `foreign`: of a meeting that is not shown any more.
 *  @typedef {'ours' | 'another' | 'foreign'} Whose */

export class EventOrder {
  /** @type {number | null} */ meeting = null;
  /** Whether the meeting is over, and no other has begun that we know of. */
  ended = false;
  #over = 0;                                   // meetings up to here were over before we saw anything of them
  #seq = 0;                                    // everything up to here was seen
  #newest = 0;                                 // that we heard of; Infinity: it is in doubt whether the meeting is over
  #taken = 0;                                  // events since the server heard how far we are, of whichever meeting
  /** @type {Set<number>} */ #ahead = new Set();

  /** Whether something is missing: then the newest state must be asked for, unless what is on its way arrives first. */
  get behind() { return this.#newest > this.#seq; }

  /** @param {import('./events.js').ServerEvent} event @returns {Whose} */
  see(event) {
    if (event.type === 'snapshot' && event.meeting === null) return this.#close();
    if (event.type === 'meeting_ended') return this.#end(event.meeting);
    if (!('meeting' in event) || typeof event.meeting !== 'number') return 'ours';
    if (AFTERWARDS.has(event.type) && event.meeting !== this.meeting) return 'foreign';
    if (event.type !== 'snapshot' && event.type !== 'tick' && event.seq !== undefined) this.#taken += 1;
    const whose = this.#follow(event.meeting);
    if (whose === 'foreign') return whose;
    if (event.type === 'snapshot') this.#restart(event.seq);
    else if (event.type === 'tick') this.#newest = this.ended ? Infinity : Math.max(this.#newest, event.seq);
    else if (event.seq !== undefined) this.#take(event.seq);
    return whose;
  }

  /** How far the server is to be told that we are; null where it was told a few events ago. @returns {number | null} */
  report() {
    if (this.#taken < REPORTED) return null;
    this.#taken = 0;
    return this.#seq;
  }

  /** Meetings are numbered in the order they begin: only a newer one takes the place of the one that is shown.
   *  @param {number} meeting @returns {Whose} */
  #follow(meeting) {
    if (meeting === this.meeting) return 'ours';
    if (meeting <= Math.max(this.#over, this.meeting ?? 0)) return 'foreign';
    const another = this.meeting !== null || this.ended;
    this.meeting = meeting;
    this.ended = false;
    this.#seq = this.#newest = 0;
    this.#ahead.clear();
    return another ? 'another' : 'ours';
  }

  /** A snapshot holds everything up to its seq; what came meanwhile counts on top of it. @param {number} seq */
  #restart(seq) {
    if (this.#newest === Infinity) this.ended = false;
    this.#seq = Math.max(this.#seq, seq);
    for (const one of this.#ahead) if (one <= seq) this.#ahead.delete(one);
    this.#advance();
    this.#newest = Math.max(this.#seq, ...this.#ahead);
  }

  /** No meeting is open: the end of the one that is shown was missed, and what is missing of it cannot be had here.
   *  @returns {Whose} */
  #close() {
    const nothing = this.meeting !== null && this.#seq === 0;
    if (nothing) {
      this.#over = this.meeting ?? 0;
      this.meeting = null;
    } else if (this.meeting !== null) this.ended = true;
    this.#newest = this.#seq = Math.max(this.#seq, ...this.#ahead);
    this.#ahead.clear();
    return nothing ? 'another' : 'ours';
  }

  /** @param {number | undefined} meeting @returns {Whose} */
  #end(meeting) {
    if (meeting !== undefined && this.#follow(meeting) === 'foreign') return 'foreign';
    this.ended = true;
    return 'ours';
  }

  /** @param {number} seq */
  #take(seq) {
    this.#newest = Math.max(this.#newest, seq);
    if (seq > this.#seq) this.#ahead.add(seq);
    this.#advance();
  }

  #advance() {
    while (this.#ahead.delete(this.#seq + 1)) this.#seq += 1;
  }
}
