/** What was said and will never arrive: told in words, in view until it is read. */

import { copyOf, exactTimeOf, figure, piece, say, within } from '../shared/page.js';

const SHOWN = 5;              // notices at once; the oldest go first

/** @typedef {{notice: HTMLElement, from: number, to: number, ms: number}} Told */

export class LostSpeech {
  #list = piece('losses', HTMLElement);
  /** @type {Map<string, Told>} */ #holes = new Map();         // by reason, while its notice is in view

  /** What is in view already is not said twice. @param {string} words @returns {HTMLElement} */
  tell(words) {
    const told = [...this.#list.children].find((one) => within(one, 'span').textContent === words);
    if (told instanceof HTMLElement) return told;
    const notice = copyOf('loss-template');
    within(notice, 'span').textContent = words;
    within(notice, 'button').addEventListener('click', () => notice.remove());
    this.#list.append(notice);
    while (this.#list.children.length > SHOWN) this.#list.firstElementChild?.remove();
    return notice;
  }

  /** A stretch that is gone. What is lost again for the same reason is told in the same notice.
   *  @param {string} reason @param {number} from  ms of Unix time @param {number} to */
  hole(reason, from, to) {
    const before = this.#holes.get(reason);
    const known = before?.notice.isConnected ? before : null;
    const told = { from: known?.from ?? from, to, ms: (known?.ms ?? 0) + to - from };
    const seconds = figure(Math.max(0.1, told.ms / 1000));
    const words = say(`lost-${reason}`, { from: exactTimeOf(told.from), to: exactTimeOf(to), seconds });
    const notice = known?.notice ?? this.tell(words);
    within(notice, 'span').textContent = words;
    this.#holes.set(reason, { ...told, notice });
  }
}
