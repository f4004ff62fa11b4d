/** Brings a stream of samples from one rate to another, a piece at a time, without a seam between pieces. */

export class Resampler {
  #step;
  #position = 0;      // of the next output sample, in input samples from the start of the coming piece
  #last = 0;          // the sample before that piece

  /** @param {number} from  Hz @param {number} to  Hz */
  constructor(from, to) { this.#step = from / to; }

  /** Linear: made for a detector of speech, not for listening. @param {Float32Array} input @returns {Float32Array} */
  push(input) {
    if (this.#step === 1) return input;
    const output = [];
    for (; this.#position < input.length - 1; this.#position += this.#step) {
      const left = Math.floor(this.#position);
      const before = left < 0 ? this.#last : input[left];
      output.push(before + (input[left + 1] - before) * (this.#position - left));
    }
    this.#position -= input.length;
    this.#last = input[input.length - 1];
    return Float32Array.from(output);
  }
}
