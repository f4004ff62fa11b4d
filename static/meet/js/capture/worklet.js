/** The ear: mixes the microphone down, brings it to 48 kHz, measures its level, and counts what was lost. */

import { Resampler } from './resampler.js';

const RATE = 48000;           // Hz, what the VAD wants
const FRAME = RATE / 100;     // samples in 10 ms
const FRAMES = 3;             // frames in a message

/**
 * @typedef {object} Block  30 ms of sound
 * @property {number} at  where it begins, whole ms since listening began, holes included
 * @property {Float32Array} samples  1440, 48 kHz
 * @property {number[]} levels  dBFS of each 10 ms
 * @property {number} lost  ms that are missing before it
 */

class Ear extends AudioWorkletProcessor {
  #resampler = new Resampler(sampleRate, RATE);
  #samples = new Float32Array(FRAME * FRAMES);
  #filled = 0;
  #at = 0;
  #expected = -1;             // the `currentFrame` of the next call
  #lost = 0;                  // samples of the context, not yet reported

  /** @param {Float32Array[][]} inputs */
  process(inputs) {
    const channels = inputs[0];
    const length = channels.length ? channels[0].length : 128;
    if (this.#expected >= 0) this.#lost += Math.max(0, currentFrame - this.#expected);
    this.#expected = currentFrame + length;
    this.#take(this.#resampler.push(mixed(channels, length)));
    return true;
  }

  /** @param {Float32Array} samples */
  #take(samples) {
    for (let i = 0; i < samples.length;) {
      const count = Math.min(samples.length - i, this.#samples.length - this.#filled);
      this.#samples.set(samples.subarray(i, i + count), this.#filled);
      this.#filled += count;
      i += count;
      if (this.#filled === this.#samples.length) this.#post();
    }
  }

  #post() {
    const lost = Math.round((this.#lost * 1000) / sampleRate);
    this.#lost = 0;
    this.#at += lost;
    const samples = this.#samples.slice();
    const levels = [0, 1, 2].map((n) => level(samples.subarray(n * FRAME, (n + 1) * FRAME)));
    /** @type {Block} */
    const block = { at: this.#at, samples, levels, lost };
    this.port.postMessage(block, [samples.buffer]);
    this.#at += FRAMES * 10;
    this.#filled = 0;
  }
}

/** @param {Float32Array[]} channels @param {number} length */
function mixed(channels, length) {
  const mono = new Float32Array(length);
  for (const channel of channels) {
    for (let i = 0; i < length; i += 1) mono[i] += channel[i] / channels.length;
  }
  return mono;
}

/** Root mean square in dBFS, never below -100. @param {Float32Array} samples */
function level(samples) {
  let power = 0;
  for (const sample of samples) power += sample * sample;
  return 10 * Math.log10(power / samples.length + 1e-10);
}

registerProcessor('ear', Ear);
