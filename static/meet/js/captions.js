/** The captions: each line at the place of its time, in the reader's languages, following the newest. */

import { Early } from './early.js';
import { Following } from './following.js';
import { continues, isNews, newest, placeOf, under } from './lines.js';
import { copyOf, exactTimeOf, piece, say, timeOf, within } from './page.js';
import { initial } from './speakers.js';

const MOST = 300;             // lines in the page

/**
 * @typedef {import('./events.js').Caption} Caption
 * @typedef {import('./events.js').Gap} Gap
 * @typedef {{clip: string, started_at: number, speaker: string, type: string, state: string, revision: number,
 *   seq: number, lang: string, translations: Map<string, import('./events.js').Translated>, element: HTMLElement}} Line
 */

export class Captions {
  #list = piece('captions', HTMLElement);
  #following = new Following(this.#list);
  #nothing = piece('nothing', HTMLElement);
  #speakers; #translates; #languages; #onFinal;
  /** @type {Line[]} */ #lines = [];
  /** @type {Map<string, Line>} */ #byClip = new Map();
  #early = new Early();

  /** @param {{speakers: import('./speakers.js').Speakers, translates: boolean, languages: string[],
   *   onFinal: (caption: Caption) => void}} options */
  constructor({ speakers, translates, languages, onFinal }) {
    this.#speakers = speakers;
    this.#translates = translates;
    this.#languages = languages;
    this.#onFinal = onFinal;
  }

  /** What was settled is now this; what is being said stays. @param {(Caption | Gap)[]} events
   *  @param {{more: boolean, seq: number}} how  more: there are older ones */
  restore(events, { more, seq }) {
    const there = new Set(events.map((one) => one.clip));
    const from = more ? events[0]?.started_at ?? Infinity : -Infinity;
    for (const line of [...this.#lines]) {
      const settled = line.state === 'final' && line.seq <= seq && line.started_at >= from;
      if (settled && !there.has(line.clip)) this.#withdraw(line.clip);
    }
    for (const event of events) this.#take(event);
    this.#following.keep();
  }

  clear() {
    for (const line of this.#lines) line.element.remove();
    this.#lines = [];
    this.#byClip.clear();
    this.#early.clear();
    this.#nothing.hidden = false;
  }

  /** @param {Caption | Gap} event */
  show(event) {
    if (this.#take(event) && event.type === 'caption' && event.state === 'final') this.#onFinal(event);
    this.#following.keep();
  }

  /** @param {import('./events.js').Translation} event */
  translate(event) {
    const line = this.#byClip.get(event.clip);
    if (!line || event.revision > line.revision) return this.#early.keep(event);
    if (event.revision < line.revision) return;
    line.translations.set(event.lang, event);
    this.#fill(line);
    this.#following.keep();
  }

  /** The reader chose others. @param {string[]} languages */
  read(languages) {
    this.#languages = languages;
    for (const line of this.#lines) this.#fill(line);
    this.#following.keep();
  }

  /** @param {Caption | Gap} event @returns {boolean} whether the page changed */
  #take(event) {
    const shown = this.#byClip.get(event.clip);
    if (event.type === 'caption') {
      if (!isNews(shown?.type === 'caption' ? shown : undefined, event)) return false;
    }
    const line = shown?.type === event.type ? shown : this.#insert(event);
    if (event.type === 'caption') this.#write(line, event);
    return true;
  }

  /** @param {Caption | Gap} event @returns {Line} */
  #insert(event) {
    this.#withdraw(event.clip);
    const element = event.type === 'gap' ? gapOf(event) : copyOf('caption-template');
    element.dataset.clip = event.clip;
    element.dataset.speaker = event.speaker;
    element.dataset.kind = String(this.#speakers.kind(event.speaker));
    /** @type {Line} */
    const line = { ...pick(event), state: event.type === 'gap' ? 'final' : 'partial', revision: 0, seq: event.seq ?? Infinity,
      lang: '', translations: new Map(), element };
    const place = placeOf(this.#lines, line);
    this.#list.insertBefore(element, this.#lines[place]?.element ?? null);
    this.#lines.splice(place, 0, line);
    this.#byClip.set(event.clip, line);
    this.#group(place);
    this.#following.count();
    this.#trim();
    this.#nothing.hidden = true;
    return line;
  }

  /** It turned out that nothing was said. @param {string} clip */
  withdraw(clip) {
    this.#withdraw(clip);
    this.#nothing.hidden = this.#lines.length > 0;
    this.#following.keep();
  }

  /** @param {string} clip @returns {boolean} */
  #withdraw(clip) {
    const line = this.#byClip.get(clip);
    if (!line) return false;
    const place = this.#lines.indexOf(line);
    this.#lines.splice(place, 1);
    this.#byClip.delete(clip);
    line.element.remove();
    this.#group(place);
    return true;
  }

  /** @param {Line} line @param {Caption} event */
  #write(line, event) {
    const early = this.#early.take(event.clip, event.revision);
    const kept = event.revision === line.revision ? [...line.translations.values()] : [];
    line.translations = newest([...(event.translations ?? []), ...early, ...kept]);
    Object.assign(line, { state: event.state, revision: event.revision, seq: event.seq ?? Infinity, lang: event.lang });
    const { element } = line;
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
    this.#fill(line);
  }

  /** The translations, each in its row; a row is there before its words. @param {Line} line */
  #fill(line) {
    if (line.type !== 'caption') return;
    const rows = within(line.element, '.caption-translations');
    const there = { final: line.state === 'final', translates: this.#translates, known: [...line.translations.keys()] };
    const wanted = under(line.lang, this.#languages, there);
    for (const row of [...rows.children]) if (!wanted.includes(/** @type {HTMLElement} */ (row).lang)) row.remove();
    wanted.forEach((lang, place) => {
      let row = /** @type {HTMLElement | undefined} */ (rows.children[place]);
      if (row?.lang !== lang) {
        row = copyOf('translation-template');
        row.lang = lang;
        row.dataset.waiting = say('waiting');
        rows.insertBefore(row, rows.children[place] ?? null);
      }
      const { state = 'waiting', text = '' } = line.translations.get(lang) ?? {};
      row.dataset.state = state;
      if (row.textContent !== text) row.textContent = text;
    });
  }

  /** A name stands once over lines that follow each other. @param {number} place  of what changed */
  #group(place) {
    for (const line of this.#lines.slice(place, place + 2)) {
      const before = this.#lines[this.#lines.indexOf(line) - 1];
      line.element.classList.toggle('continues', continues(before, line));
    }
  }

  #trim() {
    while (this.#lines.length > MOST) this.#withdraw(this.#lines[0].clip);
  }
}

/** @param {Caption | Gap} event */
function pick({ clip, started_at, speaker, type }) { return { clip, started_at, speaker, type }; }

/** @param {Gap} event */
function gapOf(event) {
  const element = copyOf('gap-template');
  element.textContent = say(event.reason === 'undecodable' ? 'gap' : 'gap-missing', { name: event.name });
  return element;
}
