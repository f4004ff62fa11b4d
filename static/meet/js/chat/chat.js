/** The chat: what was written, what is being written, and what is not sent yet. */

import { message } from '../connection/events.js';
import { copyOf, piece, say, timeOf, within } from '../shared/page.js';
import { prefer, preference } from '../shared/preferences.js';
import { PHONE, letGo } from '../room/sheets.js';

const VISIBLE = /[^\p{C}\p{Z}]/u;
const TALL = 160;             // px: the field grows with its text up to here

/** @typedef {import('../connection/events.js').Message} Message */

export class Chat {
  #input = piece('chat-input', HTMLTextAreaElement);
  #fold = piece('chat-fold', HTMLButtonElement);
  #chat = piece('chat', HTMLElement);
  #send; #speakers; #pane; #onMessage;
  #unread = 0;
  /** @type {{id: string, name: string}} */ #you = { id: '', name: '' };
  /** @type {Map<string, {text: string, sent_at: number}>} */ #unsent = new Map();     // until the server says it back

  /** @param {{pane: import('../captions/line_list.js').LineList, send: (event: object) => boolean,
   *   speakers: import('../people/speakers.js').Speakers, onMessage: (message: Message) => void}} options
   *   onMessage: somebody else wrote */
  constructor({ pane, send, speakers, onMessage }) {
    this.#pane = pane;
    this.#send = send;
    this.#speakers = speakers;
    this.#onMessage = onMessage;
    piece('chat-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#input.addEventListener('keydown', (event) => this.#key(event));
    this.#input.addEventListener('input', () => this.#grow());
    this.#fold.addEventListener('click', () => {
      const open = this.#chat.classList.contains('folded');
      if (!PHONE.matches) prefer('chat-open', open);       // there it lies over the captions, and is opened each time
      this.#open(open);
    });
    PHONE.addEventListener('change', () => this.#begin());
    this.#begin();
    letGo({ sheet: this.#chat, button: this.#fold, isOpen: () => this.#risen, close: () => this.#open(false) });
  }

  /** @param {{id: string, name: string}} you */
  set you(you) { this.#you = you; }

  /** Where the messages stand: in a list of their own, or among the captions. @param {import('../captions/line_list.js').LineList} pane */
  set pane(pane) {
    for (const id of this.#unsent.keys()) this.#pane.remove(id);
    this.#pane = pane;
    this.clear();
  }

  /** What is still to be sent stays when a list is emptied. */
  clear() {
    this.#count(0);
    for (const [id, { text, sent_at }] of this.#unsent) this.#drawMine(id, text, sent_at);
    this.#pane.keep();
  }

  /** What was written just now. @param {Message} event */
  show(event) {
    const known = this.#pane.get(event.id);
    this.take(event);
    if (!known && event.participant !== this.#you.id) {
      this.#pane.count(event.id);
      this.#onMessage(event);
      if (this.#chat.classList.contains('folded')) this.#count(this.#unread + 1);
    }
    this.#pane.keep();
  }

  /** Put it where it belongs, if it belongs into the page. @param {Message} event */
  take(event) {
    this.#unsent.delete(event.id);
    this.#draw(event, event.seq);
  }

  /** What the server has not said back goes out again, the oldest first; it knows a message by its id.
   *  @param {number} [most]  at once @returns {boolean} whether more waits */
  resend(most = Infinity) {
    for (const [id, { text }] of [...this.#unsent].slice(0, most)) this.#send(message(id, text));
    return this.#unsent.size > most;
  }

  #submit() {
    const text = this.#input.value.trim();
    if (!VISIBLE.test(text)) return;
    const id = crypto.randomUUID?.() ?? fallbackId();
    const sent_at = Date.now();
    this.#unsent.set(id, { text, sent_at });
    this.#send(message(id, text));
    this.#drawMine(id, text, sent_at);
    this.#input.value = '';
    this.#grow();
    this.#pane.follow();
  }

  /** @param {string} id @param {string} text @param {number} sent_at */
  #drawMine(id, text, sent_at) { this.#draw({ id, participant: this.#you.id, name: this.#you.name, sent_at, text }, null); }

  /** Enter sends, except where it ends the choice of a Chinese or Japanese word. @param {KeyboardEvent} event */
  #key(event) {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.#submit();
  }

  /** @param {Omit<Message, 'type' | 'meeting' | 'seq'>} event @param {number | null} seq  null: it waits to be sent */
  #draw(event, seq) {
    const { id, participant, name, sent_at, text } = event;
    const element = this.#pane.get(id)?.element ?? copyOf('message-template');
    Object.assign(element.dataset, { message: id, author: participant, kind: String(this.#speakers.kind(participant)) });
    element.classList.toggle('waiting', seq === null);
    element.classList.toggle('mine', participant === this.#you.id);
    within(element, '.message-name').textContent = name;
    within(element, '.message-text').textContent = text;
    within(element, 'time').textContent = seq === null ? say('unsent') : timeOf(sent_at);
    const line = { id, at: sent_at, type: 'message', speaker: participant, seq: seq ?? Infinity, waiting: seq === null, element };
    this.#pane.remove(id);
    if (!this.#pane.put(line) && seq !== null) this.#pane.later(() => this.#draw(event, seq));
  }

  /** On a phone: whether it lies over the captions. */
  get #risen() {
    return PHONE.matches && !this.#chat.classList.contains('folded') && !document.body.classList.contains('together');
  }

  #begin() { this.#open(!PHONE.matches && preference('chat-open', true)); }

  /** @param {boolean} open */
  #open(open) {
    this.#chat.classList.toggle('folded', !open);
    this.#fold.setAttribute('aria-expanded', String(open));
    if (open) this.#count(0);
    this.#pane.keep();
  }

  /** @param {number} unread */
  #count(unread) {
    this.#unread = unread;
    piece('chat-unread', HTMLElement).textContent = unread ? String(unread) : '';
  }

  #grow() {
    this.#input.style.height = 'auto';
    this.#input.style.height = `${Math.min(this.#input.scrollHeight + 2, TALL)}px`;
  }
}

/** Pages that are not on HTTPS have no randomUUID. */
function fallbackId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
