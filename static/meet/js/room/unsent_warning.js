/** What leaving the page would lose: shown while it waits to be sent, and warned of on the way out. */

import { figure, piece, say } from '../shared/page.js';

const SHOWN_FROM = 3000;      // ms: what is on its way at any moment is no news
const LOOK = 1000;

export class UnsentWarning {
  #uplink; #journal; #captures;
  #unsent = piece('unsent', HTMLElement);

  /** @param {{uplink: import('../connection/uplink.js').Uplink, journal: import('../capture/journal.js').Journal,
   *          captures: import('../capture/capture.js').Capture[]}} options */
  constructor({ uplink, journal, captures }) {
    this.#uplink = uplink;
    this.#journal = journal;
    this.#captures = captures;
    addEventListener('beforeunload', (event) => { if (this.#loses) event.preventDefault(); });
    addEventListener('pagehide', () => { for (const one of captures) one.leave(); });
    setInterval(() => this.#show(), LOOK);
  }

  get #loses() { return this.#uplink.unsent || this.#captures.some((one) => one.state !== 'off'); }

  #show() {
    const waiting = this.#journal.waiting;
    this.#unsent.hidden = waiting < SHOWN_FROM;
    if (!this.#unsent.hidden) this.#unsent.textContent = say('unsent-audio', { seconds: figure(Math.round(waiting / 1000)) });
  }
}
