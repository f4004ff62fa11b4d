/** Why nothing is heard, and since when: reasons may overlap, and each has its own hole. Time is an argument. */

export class SilenceReasons {
  /** @type {Map<string, number>} */ #since = new Map();

  /** Whether something keeps the microphone from being heard. */
  get any() { return this.#since.size > 0; }

  /** Why, each by itself. */
  get reasons() { return [...this.#since.keys()]; }

  /** @param {string} reason @param {number} now @returns {boolean} whether it is news */
  begin(reason, now) {
    if (this.#since.has(reason)) return false;
    this.#since.set(reason, now);
    return true;
  }

  /** @param {string} reason @returns {number | undefined} since when it was so, if it was */
  end(reason) {
    const since = this.#since.get(reason);
    this.#since.delete(reason);
    return since;
  }
}
