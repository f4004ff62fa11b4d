/** Band levels: how loud a sound is from 120 to 500 Hz and from 500 to 5000 Hz, 10 ms at a time. Pure. */

const RATE = 48000;           // Hz
/** The first formants and nasal sounds («mm-hmm», 嗯), and the rest of speech. A hum of the mains lies in the lower. */
const BANDS = [[120, 500], [500, 5000]];
const NOTHING = 1e-10;        // power: -100 dBFS

export class Bands {
  #filters = BANDS.map(([from, to]) => [new Biquad('highpass', from), new Biquad('lowpass', to)]);

  /** @param {Float32Array} samples  48 kHz, full scale 1 @returns {number[]} dBFS of each band, never below -100 */
  push(samples) {
    return this.#filters.map(([high, low]) => {
      let power = 0;
      for (const sample of samples) power += low.push(high.push(sample)) ** 2;
      return 10 * Math.log10(power / samples.length + NOTHING);
    });
  }
}

/** Second-order filter without resonance, as in the Audio EQ Cookbook (R. Bristow-Johnson), transposed direct form 2. */
class Biquad {
  #b0; #b1; #b2; #a1; #a2;
  #z1 = 0;
  #z2 = 0;

  /** @param {'highpass' | 'lowpass'} kind @param {number} frequency  Hz, where it takes 3 dB away */
  constructor(kind, frequency) {
    const angle = (2 * Math.PI * frequency) / RATE;
    const cosine = Math.cos(angle);
    const alpha = Math.sin(angle) / Math.SQRT2;
    const edge = kind === 'highpass' ? 1 + cosine : 1 - cosine;
    this.#b0 = edge / 2 / (1 + alpha);
    this.#b1 = (kind === 'highpass' ? -edge : edge) / (1 + alpha);
    this.#b2 = this.#b0;
    this.#a1 = (-2 * cosine) / (1 + alpha);
    this.#a2 = (1 - alpha) / (1 + alpha);
  }

  /** @param {number} sample @returns {number} */
  push(sample) {
    const out = this.#b0 * sample + this.#z1;
    this.#z1 = this.#b1 * sample - this.#a1 * out + this.#z2;
    this.#z2 = this.#b2 * sample - this.#a2 * out;
    return out;
  }
}
