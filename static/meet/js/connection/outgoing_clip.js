/** One clip on its way out: how far the server knows of it on this connection, and what of it is still to be sent. */

/**
 * @typedef {import('./events.js').ClipStart} ClipStart
 * @typedef {import('./events.js').ClipEnd} ClipEnd
 */

const AT_ONCE = 100;          // taken up again; hours without a line are hundreds, and a server has its limits

export class OutgoingClip {
  /** @type {'unknown' | 'new' | 'resuming' | 'open'} */ at = 'unknown';       // the server, on this connection
  ended = false;                                         // the server was told, on this connection
  limit = Infinity;                                      // the first chunk that cannot be sent,
  full = false;                                          // because there was no room to keep it
  /** @type {number | null} */ heard = null;             // when the newest chunk was recorded
  /** @type {Map<number, Uint8Array>} */ queue = new Map();      // chunks to be sent on this connection

  /** @param {ClipStart} start @param {ClipEnd | null} end @param {boolean} live  being recorded now */
  constructor(start, end, live) {
    this.start = start;
    this.end = end;
    this.live = live;
  }

  get id() { return this.start.clip; }

  /** Whether its chunks may go out. */
  get flows() { return this.at === 'new' || this.at === 'open'; }

  /** Whether the server was told of it as of one that it may have parts of. */
  get resumed() { return this.at === 'resuming' || this.at === 'open'; }

  get unsent() { return this.queue.size > 0 || (this.end !== null && !this.ended); }

  /** It has to be told anew. */
  untold() { Object.assign(this, { at: 'unknown', ended: false }); }

  /** It is over, before the first chunk that cannot be sent. @param {ClipEnd} end @returns {ClipEnd} */
  close(end) {
    this.live = false;
    this.end = this.limit < end.chunks ? { ...end, chunks: this.limit, keep_to: null } : end;
    return this.end;
  }

  /** What the journal has of it, with what was recorded since. @param {{number: number, data: Uint8Array}[]} kept */
  refill(kept) {
    const since = [...this.queue];
    this.queue = new Map([...kept.map(({ number, data }) => /** @type {const} */ ([number, data])), ...since]);
    this.at = 'open';
  }
}

/** Those whose turn it is to be opened again: what is being recorded first, then the oldest.
 *  @param {OutgoingClip[]} clips */
export function nextToResume(clips) {
  const room = AT_ONCE - clips.filter((clip) => clip.resumed).length;
  const untold = clips.filter((clip) => clip.at === 'unknown').sort((a, b) => Number(b.live) - Number(a.live));
  return untold.slice(0, Math.max(0, room));
}
