/** Frames in, `start`, `cut` and `end` out: where one clip begins and stops. No clock, no DOM, no model. */

/** Length of a frame in ms. They follow each other at this distance; where sound was lost, `at` jumps. */
export const FRAME = 10;

/**
 * @typedef {object} Frame
 * @property {number} at  where it begins, whole ms
 * @property {boolean} speech  what the VAD says of it
 * @property {number} level  dBFS, 0 is full scale
 *
 * @typedef {object} Cut  every time in whole ms, of the same clock as the frames'
 * @property {'start' | 'cut' | 'end'} type  `cut`: one clip ends at `at` and the next begins there
 * @property {number} at  the first (start, cut) or last (end, cut) moment that is kept
 *
 * @typedef {object} Options
 * @property {number} maxSeconds  no clip is longer; 5 at least
 * @property {number} silenceSeconds  so much without speech ends a clip
 * @property {number} [preRoll]  ms kept before the first speech
 * @property {number} [tail]  ms kept after the last speech
 * @property {number} [onset]  so many speech frames open a clip,
 * @property {number} [window]  when they lie within so many frames
 */

const CUT_SEARCH = 4000;        // ms before the longest length, in which a cut is looked for
const QUIET = 5;                // frames: a cut lies in the middle of the quietest 50 ms

export class Segmenter {
  #max; #silence; #preRoll; #tail; #onset; #window; #search;
  /** @type {Frame[]} */ #recent = [];           // while waiting: the frames of the window
  /** @type {Frame[]} */ #late = [];             // in a clip: the frames a cut may lie in
  /** @type {number | null} */ #start = null;    // where the open clip begins
  #spoken = 0;                                   // where the last speech frame ends
  #kept = -Infinity;                             // all before belongs to an earlier clip

  /** @param {Options} options */
  constructor({ maxSeconds, silenceSeconds, preRoll = 1000, tail = 800, onset = 7, window = 15 }) {
    this.#max = Math.round(maxSeconds * 1000);
    this.#silence = Math.round(silenceSeconds * 1000);
    this.#preRoll = preRoll;
    this.#tail = Math.min(tail, this.#silence);
    this.#onset = onset;
    this.#window = window * FRAME;
    this.#search = Math.min(CUT_SEARCH, this.#max / 2);
  }

  /** Where the open clip begins, or null while nobody speaks. */
  get start() { return this.#start; }

  /** Where the last speech frame ended. */
  get spoken() { return this.#spoken; }

  /** @param {Frame} frame  later than all before @returns {Cut[]} */
  push(frame) {
    const cuts = this.#start === null ? [] : this.#close(frame);
    if (this.#start === null) cuts.push(...this.#wait(frame));
    else this.#extend(frame);
    return cuts;
  }

  /** Close the open clip with everything up to `at`. @param {number} at @returns {Cut[]} */
  finish(at) {
    if (this.#start === null) return [];
    return [this.#end(Math.min(at, this.#start + this.#max))];
  }

  /** Whether the clip must end, or be cut, before this frame. @param {Frame} frame @returns {Cut[]} */
  #close(frame) {
    const start = /** @type {number} */ (this.#start);
    const kept = this.#spoken + this.#tail;
    if (frame.at - this.#spoken >= this.#silence) return [this.#end(Math.min(kept, start + this.#max))];
    if (frame.at + FRAME - start <= this.#max) return [];
    const at = this.#quietest();
    if (at >= this.#spoken) return [this.#end(Math.min(kept, at))];
    this.#start = at;
    this.#kept = at;
    this.#late = this.#late.filter((one) => one.at >= at);
    return [{ type: 'cut', at }];
  }

  /** @param {Frame} frame @returns {Cut[]} */
  #wait(frame) {
    this.#recent.push(frame);
    while (this.#recent[0].at <= frame.at - this.#window) this.#recent.shift();
    const speech = this.#recent.filter((one) => one.speech);
    if (!frame.speech || speech.length < this.#onset) return [];
    this.#start = Math.max(speech[0].at - this.#preRoll, this.#kept);
    for (const one of this.#recent) this.#extend(one);
    this.#recent = [];
    return [{ type: 'start', at: this.#start }];
  }

  /** @param {Frame} frame */
  #extend(frame) {
    if (frame.speech) this.#spoken = frame.at + FRAME;
    this.#late.push(frame);
    while (this.#late[0].at < frame.at + FRAME - this.#search) this.#late.shift();
  }

  /** @param {number} at @returns {Cut} */
  #end(at) {
    this.#start = null;
    this.#kept = at;
    this.#late = [];
    this.#recent = [];
    return { type: 'end', at };
  }

  /** The middle of the quietest 50 ms that a cut may lie in, the latest of equals. */
  #quietest() {
    let best = Infinity;
    let at = this.#late[0].at;
    for (let i = 0; i + QUIET <= this.#late.length; i += 1) {
      let level = 0;
      for (let j = i; j < i + QUIET; j += 1) level += this.#late[j].level;
      if (level > best) continue;
      best = level;
      at = this.#late[i].at + (QUIET * FRAME) / 2;
    }
    return at;
  }
}
