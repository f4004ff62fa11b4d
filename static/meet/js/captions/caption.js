/** One caption on the page: who said what when, and its translations, each in its row. */

import { markGaps } from './gaps.js';
import { bySpeechModel, under } from './line_order.js';
import { copyOf, exactTimeOf, say, timeOf, within } from '../shared/page.js';
import { initial } from '../people/speakers.js';

/**
 * @typedef {import('../connection/events.js').Caption} Caption
 * @typedef {import('../connection/events.js').Gap} Gap
 * @typedef {import('./line_list.js').Line & {state: string, revision: number, lang: string,
 *   translations: Map<string, import('../connection/events.js').Translated>, copy?: boolean}} CaptionLine  copy: it is folded into another
 * @typedef {import('../connection/events.js').Withdrawn} Withdrawn
 */

/** The line of a caption, still without words, of a gap, or of what was withdrawn.
 *  @param {Caption | Gap | Withdrawn} event @param {number} kind  the speaker's
 *  @returns {CaptionLine} */
export function lineOf(event, kind) {
  const { clip, started_at, speaker, type, seq = type === 'caption' ? Infinity : 0 } = event;      // a partial has none
  const element = type === 'caption' ? copyOf('caption-template') : type === 'gap' ? gapOf(event) : withdrawnOf(event);
  Object.assign(element.dataset, { clip, speaker, kind: String(kind) });
  const state = type === 'caption' ? 'partial' : 'final';
  return { id: clip, at: started_at, speaker, type, state, revision: 0, seq, lang: '', translations: new Map(), element };
}

/** Put a caption's words into its line. @param {CaptionLine} line @param {Caption} event */
export function write({ element }, event) {
  element.dataset.state = event.state;
  within(element, '.mark').textContent = initial(event.name);
  within(element, '.caption-speaker').textContent = event.name;
  const time = /** @type {HTMLTimeElement} */ (within(element, 'time'));
  time.dateTime = new Date(event.started_at).toISOString();
  time.textContent = timeOf(event.started_at);
  time.title = exactTimeOf(event.started_at);
  const text = within(element, '.caption-text');
  text.lang = event.lang;
  if (text.textContent !== event.text) text.textContent = event.text;
  markGaps(within(element, '.caption-said'), event.gaps ?? []);
}

/** The translations in the reader's languages; a row is there before its words.
 *  @param {CaptionLine} line @param {{languages: string[], translates: boolean}} reader */
export function fill(line, { languages, translates }) {
  const rows = within(line.element, '.caption-translations');
  const there = { final: line.state === 'final', translates, known: [...line.translations.keys()] };
  const wanted = under(line.lang, languages, there);
  for (const row of [...rows.children]) if (!wanted.includes(/** @type {HTMLElement} */ (row).lang)) row.remove();
  wanted.forEach((lang, place) => {
    let row = /** @type {HTMLElement | undefined} */ (rows.children[place]);
    if (row?.lang !== lang) {
      row = copyOf('translation-template');
      row.lang = lang;
      row.dataset.waiting = say('waiting');
      row.dataset.mark = say('by-speech-model');
      rows.insertBefore(row, rows.children[place] ?? null);
    }
    /** @type {import('../connection/events.js').Translated} */
    const translated = line.translations.get(lang) ?? { lang, state: 'waiting', text: '' };
    row.dataset.state = translated.state;
    row.classList.toggle('by-speech-model', bySpeechModel(translated));
    row.title = bySpeechModel(translated) ? say('by-speech-model-hint') : '';
    if (row.textContent !== translated.text) row.textContent = translated.text;
  });
}

/** @type {Record<string, string>} */
const GAPS = { undecodable: 'gap', too_long: 'gap-too-long', unknown_language: 'gap-unknown-language', no_words: 'gap-no-words' };

/** @param {Gap} event */
function gapOf(event) {
  const element = copyOf('gap-template');
  element.dataset.says = GAPS[event.reason] ?? 'gap-missing';
  element.textContent = say(element.dataset.says, { name: event.name });
  return element;
}

/** @param {Withdrawn} event */
function withdrawnOf(event) {
  const element = copyOf('withdrawn-template');
  element.textContent = say('withdrawn', { name: event.name });
  element.title = say('withdrawn-at', { time: exactTimeOf(event.withdrawn_at) });
  element.dataset.time = timeOf(event.withdrawn_at);
  return element;
}
