/** Digital silence detector: a microphone that gives nothing but zeros. Levels in, changes out. Pure: no clock. */

const BLOCK = 30;             // ms of sound a push
const PATIENCE = 10_000;      // ms: an open microphone gives some noise all the time
/** dBFS: what the worklet calls digital zeros. */
const ZERO = -99;

export class Signal {
  #zeros = 0;                 // ms
  #lost = false;

  /** Process one block. @param {number} level  dBFS @returns {'lost' | 'back' | null}  null: nothing has changed */
  push(level) {
    this.#zeros = level <= ZERO ? this.#zeros + BLOCK : 0;
    const before = this.#lost;
    this.#lost = this.#zeros >= PATIENCE;
    if (this.#lost === before) return null;
    return this.#lost ? 'lost' : 'back';
  }
}
