/** Which microphone: the list of them, what was chosen last time, and what takes its place while it is not there. */

import { microphones } from '../capture/microphone.js';
import { say } from '../shared/page.js';
import { prefer, preference } from '../shared/preferences.js';

/** Events: `change`: another one is to be used, because a person chose it or because it came or went. */
export class MicrophoneChoice extends EventTarget {
  #select;
  #passed = '';               // the chosen one, where it is listed but cannot be had

  /** @param {HTMLSelectElement} select */
  constructor(select) {
    super();
    this.#select = select;
    select.addEventListener('change', () => {
      prefer('microphone', select.value);
      this.#passed = '';
      this.dispatchEvent(new Event('change'));
    });
    navigator.mediaDevices?.addEventListener?.('devicechange', () => void this.#look());
    void this.list();
  }

  /** Its id; undefined: whichever the browser takes. */
  get deviceId() { return this.#select.value || undefined; }

  /** Reads anew what there is: names are known only once one was allowed. */
  async list() {
    const options = (await microphones()).filter((one) => one.deviceId)
      .map(({ deviceId, label }, i) => new Option(label || say('microphone-n', { n: i + 1 }), deviceId));
    const wanted = preference('microphone', '');
    this.#select.replaceChildren(new Option(say('microphone-any'), ''), ...options);
    const there = options.some((one) => one.value === wanted);
    if (!there) this.#passed = '';                     // when it comes back, it is as good as new
    this.#select.value = there && wanted !== this.#passed ? wanted : '';
  }

  /** The one that is chosen cannot be had: until it has gone and come back, whichever the browser takes. */
  pass() {
    this.#passed = this.#select.value;
    this.#select.value = '';
  }

  async #look() {
    const before = this.#select.value;
    await this.list();
    if (this.#select.value !== before) this.dispatchEvent(new Event('change'));
  }
}
