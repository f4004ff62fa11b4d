/** Where a line of the record stands and what belongs under it: pure rules of the captions and the chat. */

const TOGETHER = 90_000;      // ms: after so long a pause the speaker's name is said again

/** @typedef {{id: string, at: number}} Key  a clip's or message's id, and its time in ms
 *  @typedef {Key & {speaker: string, type: string}} Line */

/** By when it was said; two at the same moment by their ids, so that everybody sees the same order.
 *  @param {Key} a @param {Key} b */
export function byTime(a, b) {
  if (a.at !== b.at) return a.at - b.at;
  if (a.id === b.id) return 0;
  return a.id < b.id ? -1 : 1;
}

/** Where a line belongs among others in order. Mostly the end, so it is looked for from there.
 *  @param {Key[]} lines @param {Key} line */
export function placeOf(lines, line) {
  let place = lines.length;
  while (place > 0 && byTime(lines[place - 1], line) > 0) place -= 1;
  return place;
}

/** Whether a line goes on where the one before it stopped, under the same name.
 *  @param {Line | undefined} before @param {Line} line */
export function continues(before, line) {
  return before?.type === 'caption' && line.type === 'caption' && before.speaker === line.speaker
    && line.at - before.at < TOGETHER;
}

/** Whether an event says something newer of a line than what is shown. A partial never comes after its final.
 *  @param {{state: string, revision: number} | undefined} shown @param {{state: string, revision: number}} event */
export function isNews(shown, event) {
  if (!shown) return true;
  if (event.state === 'partial') return shown.state === 'partial' && event.revision >= shown.revision;
  return shown.state === 'partial' || event.revision >= shown.revision;
}

/** Whether these are the speech model's words, which stand in for a translator's.
 *  @param {import('../connection/events.js').Translated} translated */
export function bySpeechModel({ state, provider }) { return state === 'done' && provider === 'whisper'; }

/** Whether a translation is to be shown in place of another of the same revision: nothing that is done waits again, and a
 *  translator's words are not replaced by the speech model's.
 *  @param {import('../connection/events.js').Translated | undefined} shown @param {import('../connection/events.js').Translated} other */
export function isBetter(shown, other) {
  if (!shown || shown.state !== 'done') return true;
  return other.state === 'done' && bySpeechModel(shown);
}

/** One translation a language: of several of one revision, the best.
 *  @param {import('../connection/events.js').Translated[]} translations */
export function newest(translations) {
  /** @type {Map<string, import('../connection/events.js').Translated>} */
  const found = new Map();
  for (const one of translations) if (isBetter(found.get(one.lang), one)) found.set(one.lang, one);
  return found;
}

/** The languages that stand under a line: those the reader chose, without its own. Under one that is final only what
 *  the server has or promised; before that, what it will probably promise, so that the line keeps its height.
 *  @param {string} own @param {string[]} chosen @param {{final: boolean, translates: boolean, known: string[]}} there */
export function under(own, chosen, { final, translates, known }) {
  const likely = (/** @type {string} */ lang) => translates || (own.startsWith('zh') && lang.startsWith('zh'));
  return chosen.filter((lang) => lang !== own && (known.includes(lang) || (!final && likely(lang))));
}
