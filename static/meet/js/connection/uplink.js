/** Which piece of audio goes out next: live before replay, within what the server allows. It owns no socket and no clock. */

import { clipEnd, clipStart, frame, HEADER_BYTES, IN_FLIGHT_BYTES, MESSAGE_BYTES, numbers } from './events.js';
import { InFlight } from './in_flight.js';
import { OutgoingClip, nextToResume } from './outgoing_clip.js';

/** @typedef {import('./events.js').ClipStart} ClipStart @typedef {import('./events.js').ClipEnd} ClipEnd */

/** Events: `change` (ask `sending`), `lost` {code, from, to, message}: something said will never arrive. */
export class Uplink extends EventTarget {
  #journal; #now;
  /** @type {((what: object | Uint8Array<ArrayBuffer>) => boolean) | null} */ #send = null;
  /** @type {Map<string, OutgoingClip>} */ #clips = new Map();
  #inFlight = new InFlight();
  #message = MESSAGE_BYTES;
  #most = IN_FLIGHT_BYTES;

  /** @param {import('../capture/journal.js').Journal} journal @param {() => number} [now]  ms, for how late something is */
  constructor(journal, now = () => performance.now()) {
    super();
    this.#journal = journal;
    this.#now = now;
    journal.addEventListener('gone', (event) => {           // it had to give a clip up
      const { clip, from, to } = /** @type {CustomEvent} */ (event).detail;
      this.#forget(clip);
      this.#lose('full', from, to);
    });
    journal.addEventListener('restored', () => void this.#restore());
  }

  /** Whether it sends this clip now. @param {string} clip */
  sends(clip) { return this.#clips.get(clip)?.flows ?? false; }

  /** Whether something that was said and is over has not arrived yet. */
  get sending() { return [...this.#clips.values()].some((clip) => clip.end !== null); }

  /** Whether leaving now would lose something that could have been sent. */
  get unsent() {
    const waiting = [...this.#clips.values()].some((clip) => clip.unsent);
    return waiting || this.#inFlight.late(this.#now()) || (!this.#send && this.#clips.size > 0);
  }

  /** The server is there and says what it allows: every clip kept here is opened again, some at a time.
   *  @param {(what: object | Uint8Array<ArrayBuffer>) => boolean} send
   *  @param {{message_bytes: number, in_flight_bytes: number}} [limits] */
  async connected(send, limits) {
    this.disconnected();
    this.#send = send;
    this.#message = limits?.message_bytes ?? MESSAGE_BYTES;
    this.#most = limits?.in_flight_bytes ?? IN_FLIGHT_BYTES;
    this.resume();
    await this.#restore();
  }

  /** Clips of an earlier page that the journal has found. */
  async #restore() {
    for (const { clip, start, end } of await this.#journal.pending()) {
      if (start && !this.#clips.has(clip)) this.#take(/** @type {ClipStart} */ (start), /** @type {ClipEnd | null} */ (end), false);
    }
    this.resume();
  }

  /** The line is gone: what was in flight may or may not have arrived. */
  disconnected() {
    this.#send = null;
    this.#inFlight.clear();
    for (const clip of this.#clips.values()) clip.untold();
  }

  /** Somebody begins to speak. @param {ClipStart} start */
  start(start) {
    this.#journal.open(start.clip, start);
    const clip = this.#take(start, null, true);
    if (this.#send?.(clipStart(start))) clip.at = 'new';
  }

  /** A clip ends before the first chunk that cannot be sent.
   *  @param {string} id  of the clip @param {number} number @param {Uint8Array} data @param {number} [at]  when it was recorded */
  chunk(id, number, data, at = 0) {
    const clip = this.#clips.get(id);
    if (!clip) return;
    const since = clip.heard ?? at;
    clip.heard = at;
    if (number < clip.limit && data.length + HEADER_BYTES > this.#message) {
      clip.limit = number;                              // it cannot be split, for the recorder numbered it
      this.#lose('too-large', clip.start.started_at, clip.start.started_at);
    } else if (number < clip.limit && !this.#journal.add(id, number, data, at)) {
      Object.assign(clip, { limit: number, full: true });
    }
    if (number >= clip.limit) return clip.full ? this.#lose('full', since, at) : undefined;
    clip.queue.set(number, data);
    this.#pump();
  }

  /** A clip is over. @param {ClipEnd} end */
  end(end) {
    const clip = this.#clips.get(end.clip);
    if (!clip) return;
    this.#journal.close(end.clip, clip.close(end));
    this.#pump();
    this.#change();
  }

  /** It was withdrawn: nothing more of it goes out. @param {string} clip */
  withdrawn(clip) { if (this.#clips.has(clip)) this.#forget(clip); }

  /** The server takes no more clips at the moment: it is kept, and opened when another is through. @param {string} clip */
  postponed(clip) {
    this.#clips.get(clip)?.untold();
    this.#inFlight.forget(clip);
  }

  /** What the server says of a clip. @param {import('./events.js').ServerEvent} event */
  async hear(event) {
    if (event.type === 'held') await this.#held(event);
    if (event.type === 'chunk_ack') this.#acknowledged(event);
    if (event.type === 'clip_ack') this.#forget(event.clip);
    if (event.type === 'clip_refused') this.#refused(event);
  }

  /** @param {ClipStart} start @param {ClipEnd | null} end @param {boolean} live */
  #take(start, end, live) {
    const clip = new OutgoingClip(start, end, live);
    this.#clips.set(start.clip, clip);
    this.#change();
    return clip;
  }

  /** Opens what the server was not told of on this connection, some at a time. */
  resume() {
    for (const clip of nextToResume([...this.#clips.values()])) {
      if (this.#send?.(clipStart(clip.start))) clip.at = 'resuming';
    }
  }

  /** What the server has on disk is the truth, except of a clip that began on this connection: there it is no news.
   *  @param {import('./events.js').Held} event */
  async #held({ clip: id, ranges }) {
    const clip = this.#clips.get(id);
    const send = this.#send;
    if (clip?.at !== 'resuming') return;
    this.#journal.reset(id, numbers(ranges));
    clip.queue.clear();
    const [kept] = await this.#journal.pending(id);
    if (this.#send !== send || this.#clips.get(id) !== clip) return;
    clip.refill(kept?.chunks ?? []);
    this.#pump();
  }

  /** @param {import('./events.js').ChunkAck} event */
  #acknowledged({ clip, numbers: held }) {
    this.#journal.acknowledge(clip, held);
    this.#inFlight.land(clip, held);
    this.#pump();
  }

  /** @param {import('./events.js').ClipRefused} event */
  #refused({ clip, code, message }) {
    const at = this.#clips.get(clip)?.start.started_at ?? 0;
    this.#forget(clip);
    if (code !== 'withdrawn') this.#lose(code, at, at, message);       // that is as its speaker wanted it
  }

  /** @param {string} id */
  #forget(id) {
    this.#journal.forget(id);
    this.#clips.delete(id);
    this.#inFlight.forget(id);
    this.resume();
    this.#pump();
    this.#change();
  }

  /** @param {string} code @param {number} from @param {number} to @param {string} [message] */
  #lose(code, from, to, message = '') {
    this.dispatchEvent(new CustomEvent('lost', { detail: { code, from, to, message } }));
  }

  #pump() {
    const clips = [...this.#clips.values()].filter((clip) => clip.flows);
    for (const clip of clips.sort((a, b) => Number(b.live) - Number(a.live))) {
      if (!this.#empty(clip)) return;
      if (clip.end && !clip.ended) clip.ended = this.#send?.(clipEnd(clip.end)) ?? false;
    }
  }

  /** Sends what may be sent of a clip. @param {OutgoingClip} clip @returns {boolean}  whether nothing is left */
  #empty(clip) {
    for (const [number, data] of clip.queue) {
      const bytes = data.length + HEADER_BYTES;
      if (this.#inFlight.bytes + bytes > this.#most || !this.#send?.(frame(clip.id, number, data))) return false;
      clip.queue.delete(number);
      this.#inFlight.add(clip.id, number, { bytes, sentAt: this.#now() });
    }
    return true;
  }

  #change() { this.dispatchEvent(new CustomEvent('change')); }
}
