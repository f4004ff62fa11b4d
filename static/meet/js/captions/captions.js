/** The captions: what each event changes in the lines of the page, in the reader's languages. */

import { fill, lineOf, write } from './caption.js';
import { EarlyTranslations } from './early_translations.js';
import { continues, isBetter, isNews, newest } from './line_order.js';

/**
 * @typedef {import('../connection/events.js').Caption} Caption
 * @typedef {import('../connection/events.js').Gap} Gap
 * @typedef {import('../connection/events.js').Withdrawn} Withdrawn
 * @typedef {import('./caption.js').CaptionLine} CaptionLine
 */

export class Captions {
  #pane; #speakers; #reader; #onFinal; #folded; #dress;
  #early = new EarlyTranslations();

  /** @param {{pane: import('./line_list.js').LineList, speakers: import('../people/speakers.js').Speakers, translates: boolean,
   *   languages: string[], onFinal: (caption: Caption, anew: boolean) => void, folded: import('./duplicates.js').Duplicates,
   *   dress: (line: HTMLElement) => void}} options  anew: it is no revision; dress: a line is in the page now */
  constructor({ pane, speakers, translates, languages, onFinal, folded, dress }) {
    this.#pane = pane;
    this.#folded = folded;
    this.#dress = dress;
    this.#speakers = speakers;
    this.#reader = { translates, languages };
    this.#onFinal = onFinal;
    pane.onPlace = (line, before) => {
      const seen = /** @type {CaptionLine | undefined} */ (before)?.copy ? undefined : before;
      line.element.classList.toggle('continues', continues(seen, line));
    };
  }

  /** What happened just now. @param {Caption | Gap} event */
  show(event) {
    const known = this.#get(event.clip);
    const read = known?.state === 'final' ? known.revision : 0;
    if (!this.take(event)) return;
    if (!known) this.#pane.count(event.clip);
    if (event.type === 'caption' && event.state === 'final' && event.revision > read) this.#onFinal(event, !read);
    this.#pane.keep();
  }

  /** Put it where it belongs, if it belongs into the page.
   *  @param {Caption | Gap | Withdrawn} event @returns {boolean} whether it is news */
  take(event) {
    const shown = this.#get(event.clip);
    if (shown?.type === 'withdrawn') return false;     // nothing leads back
    if (event.type === 'caption' && !isNews(shown?.type === 'caption' ? shown : undefined, event)) return false;
    const line = shown?.type === event.type ? shown : this.#insert(event);
    if (line && event.type === 'caption') this.#write(line, event);
    this.#folded.draw();
    return true;
  }

  /** @param {import('../connection/events.js').Translation} event */
  translate(event) {
    const line = this.#get(event.clip);
    if (line?.type === 'withdrawn') return;
    if (!line || event.revision > line.revision) return this.#early.keep(event);
    if (event.revision < line.revision || !isBetter(line.translations.get(event.lang), event)) return;
    line.translations.set(event.lang, event);
    this.#fill(line);
    this.#pane.keep();
  }

  /** It turned out that nothing was said. @param {string} clip */
  unsay(clip) {
    this.#pane.remove(clip);
    this.#pane.later(() => this.#pane.remove(clip));
    this.#folded.draw();
    this.#pane.keep();
  }

  /** Its speaker took it back. @param {Withdrawn} event */
  withdraw(event) {
    this.#early.take(event.clip, Infinity);
    this.take(event);
    this.#pane.later(() => this.take(event));
    this.#pane.keep();
  }

  /** It is the same voice as another, or stands alone. @param {import('../connection/events.js').FoldedEvent} event */
  fold({ clip, into }) {
    const put = () => {
      this.#folded.hear(clip, into);
      this.#folded.draw();
    };
    put();
    this.#pane.later(put);
    this.#pane.keep();
  }

  /** The reader chose others. @param {string[]} languages */
  read(languages) {
    this.#reader = { ...this.#reader, languages };
    for (const line of this.#pane.lines) this.#fill(/** @type {CaptionLine} */ (line));
    this.#pane.keep();
  }

  clear() {
    this.#early.clear();
    this.#folded.clear();
  }

  /** @param {string} clip */
  #get(clip) { return /** @type {CaptionLine | undefined} */ (this.#pane.get(clip)); }

  /** @param {Caption | Gap | Withdrawn} event @returns {CaptionLine | null} null: its place lies beyond what is in the page */
  #insert(event) {
    this.#pane.remove(event.clip);
    const line = lineOf(event, this.#speakers.kind(event.speaker));
    if (this.#pane.put(line)) {
      this.#dress(line.element);
      return line;
    }
    this.#pane.later(() => this.take(event));
    return null;
  }

  /** @param {CaptionLine} line @param {Caption} event */
  #write(line, event) {
    const early = this.#early.take(event.clip, event.revision);
    const kept = event.revision === line.revision ? [...line.translations.values()] : [];
    const { state, revision, lang, seq = Infinity } = event;
    const translations = newest([...(event.translations ?? []), ...early, ...kept]);
    Object.assign(line, { state, revision, seq, lang, translations });
    write(line, event);
    this.#folded.hear(event.clip, event.folded_into ?? null);
    this.#fill(line);
  }

  /** @param {CaptionLine} line */
  #fill(line) { if (line.type === 'caption') fill(line, this.#reader); }
}
