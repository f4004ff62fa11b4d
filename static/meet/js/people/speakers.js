/** How each speaker is told from the others: a colour, and without colour a shape with their initial. */

const KINDS = 8;

export class Speakers {
  /** @type {Map<string, number>} */ #kinds = new Map();

  /** Which of the eight: mostly the same in everybody's page, as it comes from the id; another where that one is taken.
   *  @param {string} id @returns {number} */
  kind(id) {
    const known = this.#kinds.get(id);
    if (known !== undefined) return known;
    const first = [...id].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 65521, 7) % KINDS;
    const taken = new Set(this.#kinds.values());
    const steps = Array.from({ length: KINDS }, (_, step) => (first + step) % KINDS);
    const kind = steps.find((one) => !taken.has(one)) ?? first;
    this.#kinds.set(id, kind);
    return kind;
  }
}

/** What stands in the mark: one letter, as people see letters. @param {string} name */
export function initial(name) {
  const [first] = new Intl.Segmenter().segment(name.trim());
  return first ? first.segment.toLocaleUpperCase() : '?';
}
