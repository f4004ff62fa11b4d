/** Translations that came before the line, or the revision of it, that they belong to. */

const MOST = 300;             // lines

/** @typedef {import('../connection/events.js').Translation} Translation */

export class EarlyTranslations {
  /** @type {Map<string, Translation[]>} */ #waiting = new Map();

  /** @param {Translation} translation */
  keep(translation) {
    this.#waiting.set(translation.clip, [...(this.#waiting.get(translation.clip) ?? []), translation]);
    if (this.#waiting.size > MOST) this.#waiting.delete([...this.#waiting.keys()][0]);
  }

  /** Those of this revision, which need not wait any more. Those of an older one are of no use; a newer one's wait on.
   *  @param {string} clip @param {number} revision @returns {Translation[]} */
  take(clip, revision) {
    const waiting = this.#waiting.get(clip) ?? [];
    const newer = waiting.filter((one) => one.revision > revision);
    if (newer.length) this.#waiting.set(clip, newer);
    else this.#waiting.delete(clip);
    return waiting.filter((one) => one.revision === revision);
  }

  clear() { this.#waiting.clear(); }
}
