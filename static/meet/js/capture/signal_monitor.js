/** Microphone signal monitor: nothing but digital zeros, or very quiet speech. Levels in, changes out. Pure: no clock. */

import { MicrophoneVerdict } from './microphone_verdict.js';

const BLOCK = 30;             // ms of sound a push
const PATIENCE = 10_000;      // ms: an open microphone gives some noise all the time
const ZERO = -99;             // dBFS: what the worklet calls digital zeros
const ENOUGH = 3000;          // ms of speech: one soft word is no quiet microphone

/** @typedef {'lost' | 'back' | 'faint'} Change  `lost`: zeros for 10 s; `back`: sound again; `faint`: told once */

export class SignalMonitor {
  #zeros = 0;                 // ms
  #lost = false;
  #faint = false;
  #hearing = new MicrophoneVerdict(ENOUGH);

  /** Process one block. @param {number} level  dBFS @param {boolean} speech @returns {Change | null} null: no news */
  push(level, speech) {
    this.#zeros = level <= ZERO ? this.#zeros + BLOCK : 0;
    const lost = this.#lost;
    this.#lost = this.#zeros >= PATIENCE;
    if (this.#lost !== lost) return this.#lost ? 'lost' : 'back';
    if (this.#hearing.push(level, speech) !== 'faint' || this.#faint) return null;
    this.#faint = true;
    return 'faint';
  }
}
