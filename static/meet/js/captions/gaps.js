/** Gaps within a line: speech that no words were found for, noted beside the text. */

import { copyOf, figure, say } from '../shared/page.js';

/** @typedef {[number, number]} Gap  start and end, ms from the line's start */

/** Show a line's gaps after its text, in place of those of an earlier revision.
 *  @param {HTMLElement} said  what holds the text @param {Gap[]} gaps */
export function markGaps(said, gaps) {
  said.querySelector('.gap-within')?.remove();
  if (!gaps.length) return;
  const note = copyOf('gap-within-template');
  note.textContent = say('gap-within', { seconds: wholeSeconds(gaps) });
  note.title = say('gap-within-where', { times: gaps.map(([start, end]) => `${seconds(start)}–${seconds(end)}`).join(', ') });
  said.append(note);
}

/** How long gaps are together, in whole seconds, one at least. @param {Gap[]} gaps */
export function wholeSeconds(gaps) {
  const ms = gaps.reduce((sum, [start, end]) => sum + end - start, 0);
  return Math.max(1, Math.round(ms / 1000));
}

/** @param {number} ms */
function seconds(ms) { return figure(ms / 1000); }
