/** Speech detector: RNNoise's verdict, and whether the sound stands out of its background (docs/vad.md). */

import { Background } from './background.js';
import { Bands } from './bands.js';
import { loadVad } from './vad.js';

/** What judges one frame; RNNoise in the page, a stand-in in the tests.
 *  @typedef {{hears: (samples: Float32Array) => boolean, free: () => void}} Judge */

export class Detector {
  #vad;
  #bands = new Bands();
  #background = new Background();

  /** @param {Judge} vad */
  constructor(vad) { this.#vad = vad; }

  /** Process one 10 ms frame. It remembers what it heard: frames must come in order.
   *  @param {Float32Array} samples  480, 48 kHz, full scale 1 @returns {boolean} whether it is speech */
  hears(samples) {
    const standsOut = this.#background.push(this.#bands.push(samples));
    return this.#vad.hears(samples) && standsOut;      // asked in any case: it remembers too
  }

  /** Gives its memory back; it hears nothing after this. */
  free() { this.#vad.free(); }
}

/** @param {string} moduleUrl  rnnoise.js @param {string} wasmUrl @returns {Promise<Detector>} */
export async function loadDetector(moduleUrl, wasmUrl) { return new Detector(await loadVad(moduleUrl, wasmUrl)); }
