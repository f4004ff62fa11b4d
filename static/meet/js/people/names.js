/** What people are called now, over the lines that are in the page already too: a name is one thing everywhere. */

import { say, within } from '../shared/page.js';
import { initial } from './speakers.js';

export class Names {
  /** @type {Map<string, string>} */ #names = new Map();

  /** @param {string} id  a participant's @param {string} name */
  hear(id, name) {
    if (this.#names.get(id) === name) return;
    this.#names.set(id, name);
    for (const line of found(`[data-speaker="${CSS.escape(id)}"]`)) over(line, name);
    for (const message of found(`[data-author="${CSS.escape(id)}"]`)) within(message, '.message-name').textContent = name;
  }
}

/** @param {string} selector */
function found(selector) { return /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(selector)); }

/** @param {HTMLElement} line  a caption, or a gap, which names its speaker in its words @param {string} name */
function over(line, name) {
  if (line.dataset.says) {
    line.textContent = say(line.dataset.says, { name });
  } else if (line.dataset.testid === 'caption') {
    within(line, '.caption-speaker').textContent = name;
    within(line, '.mark').textContent = initial(name);
  }
}
