/** Is somebody heard? Levels and the detector's word in, a verdict out. No clock: time is what was listened to. */

const BLOCK = 30;             // ms of sound a push
const ENOUGH = 400;           // ms of speech: a click or a cough is shorter
const PATIENCE = 4000;        // ms in which somebody who was asked to speak has spoken
/** dBFS: below that no microphone is open; a quiet room is above. */
export const SILENCE = -70;
const FAINT = -48;            // dBFS: speech that never gets louder is hard to make out

/** @typedef {'listening' | 'heard' | 'faint' | 'nothing' | 'no-speech'} Verdict */

export class MicrophoneVerdict {
  #enough;
  #heardFor = 0;              // ms
  #speech = 0;                // ms, less what was not speech between
  #heard = false;
  #loudest = -Infinity;       // dBFS
  #loudestSpeech = -Infinity;

  /** @param {number} [enough]  ms of speech before it says that somebody is heard */
  constructor(enough = ENOUGH) { this.#enough = enough; }

  /** @param {number} level  dBFS @param {boolean} speech @returns {Verdict} */
  push(level, speech) {
    this.#heardFor += BLOCK;
    this.#loudest = Math.max(this.#loudest, level);
    this.#speech = Math.max(0, this.#speech + (speech ? BLOCK : -BLOCK / 3));
    if (speech) this.#loudestSpeech = Math.max(this.#loudestSpeech, level);
    this.#heard ||= this.#speech >= this.#enough;
    return this.verdict;
  }

  /** @returns {Verdict} */
  get verdict() {
    if (this.#heard) return this.#loudestSpeech < FAINT ? 'faint' : 'heard';
    if (this.#heardFor < PATIENCE) return 'listening';
    return this.#loudest < SILENCE ? 'nothing' : 'no-speech';
  }
}
