/** What the server did not take: who is told of it, and what of it goes out again later. Knows no page. */

/** @typedef {import('./events.js').ServerError} ServerError */

export class RefusedEvents {
  #parts;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #again = undefined;

  /** @param {{refused: () => void, asked: (event: ServerError) => boolean, settled: (clip: string) => void,
   *   tell: (event: ServerError) => void, uplink: Pick<import('./uplink.js').Uplink, 'sends' | 'postponed' | 'resume'>,
   *   chat: () => Pick<import('../chat/chat.js').Chat, 'resend'>}} parts
   *   refused: this page is in no room; asked: whether an open sheet asked for it, and has told; settled: a withdrawal is */
  constructor(parts) { this.#parts = parts; }

  /** @param {ServerError} event */
  hear(event) {
    const { refused, asked, settled, tell, uplink } = this.#parts;
    const clip = event.clip ?? '';
    if (event.code === 'not_joined') return refused();
    // what was still on its way when its clip was refused is refused once more: that is no news
    if (event.code === 'unknown_clip' && !uplink.sends(clip)) return;
    if (event.code === 'not_your_line') settled(clip);
    if (event.code === 'too_many_clips') uplink.postponed(clip);
    if (asked(event)) return;
    if (!event.retry_after) return tell(event);
    if (this.#again !== undefined) return;              // it was told, and its turn comes
    tell(event);
    this.#later(event.retry_after * 1000);
  }

  /** All came too fast: it goes out again one by one, at the pace the server asks for. @param {number} pause  ms */
  #later(pause) {
    this.#again = setTimeout(() => {
      this.#again = undefined;
      this.#parts.uplink.resume();
      if (this.#parts.chat().resend(1)) this.#later(pause);
    }, pause);
  }
}
