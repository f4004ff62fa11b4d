/** One stretch of listening, from record to stop: blocks in, clips out. */

import { Clip } from './clip.js';
import { WorkletClock } from './worklet_clock.js';
import { SILENCE } from './microphone_verdict.js';
import { Recorder } from './recorder.js';
import { FRAME, Segmenter } from './segmenter.js';

const CUT_LEAD = 4500;        // ms before a clip's longest length at which the next recorder starts
const SAMPLES = 480;          // of a frame

/** @typedef {import('./clip.js').Reason} Reason
 *  @typedef {import('./worklet.js').Block} Block */

export class CaptureSession {
  #options; #recorder; #segmenter;
  #clock = new WorkletClock();
  /** @type {import('./detector.js').Judge | null} */ #vad = null;
  /** @type {Block[]} */ #unheard = [];                // all of it while the VAD loads
  /** @type {Clip | null} */ #clip = null;
  /** @type {Set<Promise<void>>} */ #endings = new Set();
  #at = 0;                                             // ms of the worklet, all before is judged
  #over = false;                                       // what the ear still brings begins no clip: nobody would end it

  /**
   * @param {MediaStream} stream  recorded from now on
   * @param {object} options
   * @param {number} options.maxSeconds
   * @param {number} options.silenceSeconds
   * @param {() => number} options.nextNumber
   * @param {(moment: number) => number} options.epoch  from `performance.now()` to the server's clock
   * @param {import('./clip.js').Emit} options.emit
   * @param {(error: unknown) => void} options.onError  a recorder broke
   */
  constructor(stream, options) {
    this.#options = options;
    this.#segmenter = new Segmenter(options);
    this.#recorder = new Recorder(stream, options.onError);
  }

  get speaking() { return this.#clip !== null; }

  /** From now on there are ears; what was missed is heard at once. @param {import('./detector.js').Judge} vad */
  use(vad) {
    this.#vad = vad;
    this.#judge();
  }

  /** @param {Block} block @returns {number} ms that were lost before it */
  hear(block) {
    if (this.#over) return 0;
    const slipped = this.#clock.hear(block.at + block.levels.length * FRAME, performance.now());
    this.#unheard.push(block);
    if (this.#vad) this.#judge();
    return block.lost + slipped;
  }

  /** Ends the open clip with everything recorded so far. @param {Reason} reason */
  interrupt(reason) {
    this.#segmenter.finish(this.#at);
    this.#end(reason, null);
  }

  /** Resolves when the last chunk of every clip is out. @param {Reason} reason */
  async finish(reason) {
    this.#over = true;
    this.interrupt(reason);
    this.#recorder.clear();
    await Promise.all(this.#endings);
    this.#vad?.free();
    this.#vad = null;
  }

  /** The page goes: what is out is all there will be. */
  leave() {
    this.#over = true;
    this.#clip?.leave();
    this.#clip = null;
  }

  #judge() {
    for (const block of this.#unheard.splice(0)) {
      const speech = block.levels.map((_, i) => this.#step(block, i)).some(Boolean);
      this.#turn(block.at);
      this.#options.emit('level', { level: Math.max(...block.levels), speech });
    }
  }

  /** @param {Block} block @param {number} i  which of its frames */
  #step({ at: start, samples, levels }, i) {
    const at = start + i * FRAME;
    const vad = /** @type {import('./detector.js').Judge} */ (this.#vad);
    // it hears every frame, for it remembers; but a hum far below any room's noise has a pitch, and is speech to it
    const speech = vad.hears(samples.subarray(i * SAMPLES, (i + 1) * SAMPLES)) && levels[i] > SILENCE;
    for (const cut of this.#segmenter.push({ at, speech, level: levels[i] })) this.#apply(cut);
    this.#at = at + FRAME;
    return speech;
  }

  /** @param {import('./segmenter.js').Cut} cut */
  #apply({ type, at }) {
    const moment = this.#clock.when(at);
    if (type === 'end') return this.#end('silence', moment);
    const recording = this.#recorder.claim(moment);
    const from = Math.max(moment, recording.startedAt);       // one moment for both sides of a cut
    if (type === 'cut') this.#end('cut', from);
    const number = this.#options.nextNumber();
    this.#clip = new Clip(recording, { number, from, epoch: this.#options.epoch }, this.#options.emit);
  }

  /** @param {Reason} reason @param {number | null} moment */
  #end(reason, moment) {
    if (!this.#clip) return;
    const ending = this.#clip.end(reason, moment)
      .catch(this.#options.onError)
      .finally(() => this.#endings.delete(ending));
    this.#endings.add(ending);
    this.#clip = null;
  }

  /** Recorders begin and go with what is heard, never with a timer. @param {number} at */
  #turn(at) {
    const { start, spoken } = this.#segmenter;
    if (start === null) return this.#recorder.roll(this.#clock.when(at));
    const { maxSeconds, silenceSeconds } = this.#options;
    this.#recorder.spare(at - spoken >= silenceSeconds * 500 || at - start >= maxSeconds * 1000 - CUT_LEAD);
  }
}
