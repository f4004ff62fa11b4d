/** The chat: what was written, what is being written, and what is not sent yet. */

import { message } from './events.js';
import { copyOf, piece, say, timeOf, within } from './page.js';
import { prefer, preference } from './preferences.js';

const MOST = 300;             // messages in the page
const VISIBLE = /[^\p{C}\p{Z}]/u;
const TALL = 160;             // px: the field grows with its text up to here

/** @typedef {import('./events.js').Message} Message */

export class Chat {
  #log = piece('messages', HTMLElement);
  #input = piece('chat-input', HTMLTextAreaElement);
  #fold = piece('chat-fold', HTMLButtonElement);
  #chat = piece('chat', HTMLElement);
  #send; #speakers;
  #unread = 0;
  /** @type {{id: string, name: string}} */ #you = { id: '', name: '' };
  /** @type {Map<string, HTMLElement>} */ #rows = new Map();
  /** @type {Map<string, string>} */ #unsent = new Map();        // until the server says it back

  /** @param {{send: (event: object) => boolean, speakers: import('./speakers.js').Speakers}} options */
  constructor({ send, speakers }) {
    this.#send = send;
    this.#speakers = speakers;
    piece('chat-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#input.addEventListener('keydown', (event) => this.#key(event));
    this.#input.addEventListener('input', () => this.#grow());
    this.#fold.addEventListener('click', () => {
      const open = this.#chat.classList.contains('folded');
      prefer('chat-open', open);
      this.#open(open);
    });
    this.#open(preference('chat-open', matchMedia('(min-width: 45rem)').matches));
  }

  /** @param {{id: string, name: string}} you */
  set you(you) { this.#you = you; }

  /** @param {Message[]} messages */
  restore(messages) {
    for (const one of messages) this.#write(one);
    this.#end();
  }

  /** Nothing counts any more but what is still to be sent. */
  clear() {
    for (const [id, row] of this.#rows) {
      if (this.#unsent.has(id)) continue;
      row.remove();
      this.#rows.delete(id);
    }
  }

  /** @param {Message} event */
  show(event) {
    const known = this.#rows.has(event.id);
    const atEnd = this.#log.scrollHeight - this.#log.scrollTop - this.#log.clientHeight < 60;
    this.#write(event);
    if (atEnd) this.#end();
    if (!known && this.#chat.classList.contains('folded')) this.#count(this.#unread + 1);
  }

  /** The line is back: what the server has not said back goes out again; it knows a message by its id. */
  resend() {
    for (const [id, text] of this.#unsent) this.#send(message(id, text));
  }

  #submit() {
    const text = this.#input.value.trim();
    if (!VISIBLE.test(text)) return;
    const id = crypto.randomUUID?.() ?? fallbackId();
    this.#unsent.set(id, text);
    this.#send(message(id, text));
    this.#draw({ id, participant: this.#you.id, name: this.#you.name, sent_at: Date.now(), text }, true);
    this.#input.value = '';
    this.#grow();
    this.#end();
  }

  /** Enter sends, except where it ends the choice of a Chinese or Japanese word. @param {KeyboardEvent} event */
  #key(event) {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.#submit();
  }

  /** @param {Message} event */
  #write(event) {
    this.#unsent.delete(event.id);
    this.#draw(event, false);
    if (this.#rows.size > MOST) {
      const [[id, row]] = this.#rows;
      row.remove();
      this.#rows.delete(id);
    }
  }

  /** @param {Omit<Message, 'type' | 'meeting' | 'seq'>} event @param {boolean} waiting */
  #draw({ id, participant, name, sent_at, text }, waiting) {
    const row = this.#rows.get(id) ?? copyOf('message-template');
    row.dataset.message = id;
    row.dataset.kind = String(this.#speakers.kind(participant));
    row.dataset.sentAt = String(sent_at);
    row.classList.toggle('waiting', waiting);
    row.classList.toggle('mine', participant === this.#you.id);
    within(row, '.message-name').textContent = name;
    within(row, '.message-text').textContent = text;
    within(row, 'time').textContent = waiting ? say('unsent') : timeOf(sent_at);
    if (!this.#rows.has(id) || !waiting) this.#place(row, sent_at);
    this.#rows.set(id, row);
    piece('no-messages', HTMLElement).hidden = true;
  }

  /** By when it was sent. @param {HTMLElement} row @param {number} sentAt */
  #place(row, sentAt) {
    let before = /** @type {HTMLElement | null} */ (this.#log.lastElementChild);
    while (before && (before === row || Number(before.dataset.sentAt ?? 0) > sentAt)) {
      before = /** @type {HTMLElement | null} */ (before.previousElementSibling);
    }
    if (before) before.after(row);
    else this.#log.prepend(row);
  }

  /** @param {boolean} open */
  #open(open) {
    this.#chat.classList.toggle('folded', !open);
    this.#fold.setAttribute('aria-expanded', String(open));
    if (open) this.#count(0);
    if (open) this.#end();
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

  #end() { this.#log.scrollTop = this.#log.scrollHeight; }
}

/** Pages that are not on HTTPS have no randomUUID. */
function fallbackId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
