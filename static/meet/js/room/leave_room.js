/** Leaving the room: recording stops, what was said is sent first, then this person is gone, in all their tabs. */

import { leave } from '../connection/events.js';
import { piece } from '../shared/page.js';

export class LeaveRoom {
  #button = piece('leave', HTMLButtonElement);
  #sheet = piece('leave-sheet', HTMLDialogElement);
  #uplink; #captures; #send; #onOther;
  #going = false;

  /** @param {{uplink: import('../connection/uplink.js').Uplink, captures: import('../capture/capture.js').Capture[],
   *   send: (event: object) => boolean, onOther: () => void}} options  onOther: they left in another tab */
  constructor({ uplink, captures, send, onOther }) {
    this.#uplink = uplink;
    this.#captures = captures;
    this.#send = send;
    this.#onOther = onOther;
    this.#button.addEventListener('click', () => void this.#begin());
    uplink.addEventListener('change', () => { if (this.#going) this.#proceed(); });
    piece('leave-at-once', HTMLButtonElement).addEventListener('click', () => this.#insist());
    this.#sheet.addEventListener('close', () => { this.#going = false; });
  }

  /** This person left. */
  hear() {
    if (this.#going) return this.#depart();
    void this.#stop();                          // what was said until now is sent while the server still listens
    this.#onOther();
  }

  /** The line is back. */
  welcome() { if (this.#going) this.#proceed(); }

  async #begin() {
    this.#going = true;
    await this.#stop();
    if (this.#going) this.#proceed();
  }

  async #stop() { await Promise.all(this.#captures.map((one) => one.stop())); }

  /** Go once everything has arrived; until then the sheet says what is waited for. */
  #proceed() {
    if (!this.#uplink.sending && this.#send(leave())) return;
    if (!this.#sheet.open) this.#sheet.showModal();
  }

  /** Not to wait was chosen just now: it is not asked again. */
  #insist() {
    addEventListener('beforeunload', (event) => event.stopImmediatePropagation(), { capture: true });
    this.#going = true;
    if (!this.#send(leave())) this.#depart();
  }

  #depart() { location.assign(this.#button.dataset.lobby ?? '/'); }
}
