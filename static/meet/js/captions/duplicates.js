/** The same voice through two microphones: a copy is out of sight under the line that stands for it, until it is asked for. */

import { unfold } from '../connection/events.js';
import { copyOf, say, within } from '../shared/page.js';

/** @typedef {import('./caption.js').CaptionLine} CaptionLine */

export class Duplicates {
  #pane; #send; #may;
  /** @type {Map<string, string>} */ #into = new Map();        // a copy's clip, and the one that stands for it
  /** @type {Set<string>} */ #open = new Set();                // copies that this reader looks at

  /** @param {{pane: import('./line_list.js').LineList, send: (event: object) => boolean,
   *   may: (speakers: string[]) => boolean}} options  may: whether this reader unfolds lines of these for everybody */
  constructor({ pane, send, may }) {
    this.#pane = pane;
    this.#send = send;
    this.#may = may;
  }

  /** A line is a copy of another, or stands alone. @param {string} clip @param {string | null} into */
  hear(clip, into) {
    if ((this.#into.get(clip) ?? null) === into) return;
    this.#release(clip);
    if (into) this.#into.set(clip, into);
  }

  clear() {
    this.#into.clear();
    this.#open.clear();
  }

  /** The page's lines are others now: each copy is put away under its line, where that is in the page. */
  draw() {
    for (const [clip, into] of this.#into) {
      const line = this.#get(clip);
      const head = this.#get(into);
      if (line?.type === 'caption' && head?.type === 'caption') {
        this.#put(line, head);
        continue;
      }
      if (head) markOf(head, clip)?.remove();
      this.#show(clip);
    }
  }

  /** @param {CaptionLine} line @param {CaptionLine} head */
  #put(line, head) {
    const open = this.#open.has(line.id);
    const mark = markOf(head, line.id) ?? this.#mark(line, head);
    mark.setAttribute('aria-expanded', String(open));
    if (line.copy && line.element.hidden === !open) return;
    Object.assign(line, { copy: true });
    line.element.hidden = !open;
    line.element.classList.add('copy');
    if (open && !line.element.querySelector('.unfold') && this.#may([line.speaker, head.speaker])) {
      const button = copyOf('unfold-template');
      button.addEventListener('click', () => this.#send(unfold(line.id)));
      line.element.append(button);
    }
    this.#pane.regroup(line.id);
  }

  /** @param {CaptionLine} line @param {CaptionLine} head */
  #mark(line, head) {
    const mark = copyOf('fold-template');
    Object.assign(mark.dataset, { copy: line.id, speaker: line.speaker });
    mark.textContent = say('folded', { name: within(line.element, '.caption-speaker').textContent ?? '' });
    mark.addEventListener('click', () => {
      if (!this.#open.delete(line.id)) this.#open.add(line.id);
      this.draw();
      this.#pane.keep();
    });
    head.element.append(mark);
    return mark;
  }

  /** @param {string} clip */
  #release(clip) {
    const head = this.#get(this.#into.get(clip) ?? '');
    if (head) markOf(head, clip)?.remove();
    this.#into.delete(clip);
    this.#open.delete(clip);
    this.#show(clip);
  }

  /** As any other line. @param {string} clip */
  #show(clip) {
    const line = this.#get(clip);
    if (!line?.copy) return;
    line.copy = false;
    line.element.hidden = false;
    line.element.classList.remove('copy');
    line.element.querySelector('.unfold')?.remove();
    this.#pane.regroup(clip);
  }

  /** @param {string} clip */
  #get(clip) { return /** @type {CaptionLine | undefined} */ (this.#pane.get(clip)); }
}

/** @param {CaptionLine} head @param {string} clip */
function markOf(head, clip) {
  return /** @type {HTMLElement | null} */ (head.element.querySelector(`[data-copy="${CSS.escape(clip)}"]`));
}
