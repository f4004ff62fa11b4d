/** The page's pieces: found by their ids, copied from its templates, and its words in the reader's language. */

/** @template {Element} T @param {string} id @param {new () => T} kind @returns {T} */
export function piece(id, kind) {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new Error(`the page has no ${kind.name} #${id}`);
}

/** A fresh copy of a template's one element. @param {string} id @returns {HTMLElement} */
export function copyOf(id) {
  const first = piece(id, HTMLTemplateElement).content.firstElementChild;
  return /** @type {HTMLElement} */ (/** @type {Element} */ (first).cloneNode(true));
}

/** @param {Element} element @param {string} selector @returns {HTMLElement} */
export function within(element, selector) {
  const found = element.querySelector(selector);
  if (found instanceof HTMLElement) return found;
  throw new Error(`nothing in the page answers to ${selector}`);
}

/** @type {Record<string, string> | null} */
let words = null;

/** @param {string} key @returns {string | undefined} */
function wordsOf(key) {
  words ??= /** @type {Record<string, string>} */ (JSON.parse(document.getElementById('texts')?.textContent ?? '{}'));
  return words[key];
}

/** What the page says, with `{name}` filled in. @param {string} key @param {Record<string, string | number>} [values] */
export function say(key, values = {}) {
  return (wordsOf(key) ?? key).replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ''));
}

/** Why the server refused something, in the reader's language; in its own words where the page knows none for the code.
 *  @param {{code: string, message: string}} refusal */
export function why({ code, message }) { return wordsOf(`why-${code}`) ?? message; }

const clock = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' });
const exact = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const number = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });

/** A time of day, as the reader writes it. @param {number} at  ms of Unix time */
export function timeOf(at) { return clock.format(at); }

/** The same with seconds. @param {number} at */
export function exactTimeOf(at) { return exact.format(at); }

/** @param {number} value */
export function figure(value) { return number.format(value); }
