/** The record button, the microphone behind it and its level: what is captured goes to the uplink. */

import { MicrophoneError, microphones } from './capture/microphone.js';
import { exactTimeOf, piece, say, why } from './page.js';
import { prefer, preference } from './preferences.js';

const QUIET = -60;            // dBFS: the level's ring is empty
const LOUD = -8;              // and full

export class Recording {
  #button = piece('record', HTMLButtonElement);
  #state = piece('capture-state', HTMLElement);
  #error = piece('capture-error', HTMLElement);
  #microphone = piece('microphone', HTMLSelectElement);
  #spoken = piece('spoken-language', HTMLSelectElement);
  #noise = piece('noise-suppression', HTMLInputElement);
  #gain = piece('auto-gain', HTMLInputElement);
  #capture; #uplink; #losses;
  #starting = false;

  /** @param {{capture: import('./capture/capture.js').Capture, uplink: import('./uplink.js').Uplink,
   *          losses: import('./losses.js').Losses}} options */
  constructor({ capture, uplink, losses }) {
    this.#capture = capture;
    this.#uplink = uplink;
    this.#losses = losses;
    this.#button.addEventListener('click', () => this.#toggle());
    this.#remember();
    this.#listen();
    addEventListener('beforeunload', (event) => { if (uplink.unsent) event.preventDefault(); });
    addEventListener('pagehide', () => capture.leave());
    navigator.mediaDevices?.addEventListener?.('devicechange', () => this.#list());
    void this.#list();
    this.#draw();
  }

  /** The first number is known: recording may begin. @param {number} next */
  ready(next) {
    this.#capture.number = Math.max(this.#capture.number, next);
    if (!this.#button.disabled) return;
    this.#button.disabled = false;
    // the detector is fetched ahead; what fails here is tried again, and told, when recording starts
    this.#capture.prepare().catch((error) => console.warn('speech detector', error));
  }

  get on() { return this.#starting || this.#capture.state !== 'off'; }

  #listen() {
    /** @param {string} type @param {(detail: any) => void} hear */
    const on = (type, hear) => this.#capture.addEventListener(type, (event) => hear(/** @type {CustomEvent} */ (event).detail));
    on('clip-start', ({ clip, number, startedAt, keepFrom, mime }) => this.#uplink.start({
      clip, number, started_at: startedAt, keep_from: Math.round(keepFrom), mime, language: this.#spoken.value,
    }));
    on('chunk', ({ clip, number, data, at }) => this.#uplink.chunk(clip, number, data, at));
    on('clip-end', ({ clip, chunks, keepTo, reason }) => this.#uplink.end({
      clip, chunks, keep_to: keepTo === null ? null : Math.round(keepTo), reason,
    }));
    on('level', ({ level, speech }) => this.#level(level, speech));
    on('state', () => this.#draw());
    on('error', ({ code }) => this.#tell(code));
    on('gap', ({ from, to, reason }) => this.#gap(from, to, reason));
    this.#uplink.addEventListener('change', () => this.#draw());
    this.#uplink.addEventListener('lost', (event) => this.#lost(/** @type {CustomEvent} */ (event).detail));
  }

  /** What was chosen last time. */
  #remember() {
    this.#spoken.value = preference('spoken-language', '');
    if (this.#spoken.selectedIndex < 0) this.#spoken.value = '';
    this.#noise.checked = preference('noise-suppression', false);
    this.#gain.checked = preference('auto-gain', false);
    this.#spoken.addEventListener('change', () => prefer('spoken-language', this.#spoken.value));
    this.#microphone.addEventListener('change', () => this.#change('microphone', this.#microphone.value));
    this.#noise.addEventListener('change', () => this.#change('noise-suppression', this.#noise.checked));
    this.#gain.addEventListener('change', () => this.#change('auto-gain', this.#gain.checked));
  }

  /** The microphone is opened anew with what was chosen. @param {string} name @param {unknown} value */
  async #change(name, value) {
    prefer(name, value);
    if (!this.on) return;
    await this.#capture.stop();
    await this.#start();
  }

  async #toggle() {
    if (this.on) {
      this.#starting = false;
      await this.#capture.stop();
      this.#draw();
    } else await this.#start();
  }

  async #start() {
    this.#error.hidden = true;
    this.#starting = true;
    this.#draw();
    try {
      await this.#capture.start({
        deviceId: this.#microphone.value || undefined,
        noiseSuppression: this.#noise.checked,
        autoGainControl: this.#gain.checked,
      });
      void this.#list();
    } catch (error) {
      if (!(error instanceof MicrophoneError)) throw error;
      this.#tell(error.code);
    } finally {
      this.#starting = false;
      this.#draw();
    }
  }

  async #list() {
    const found = await microphones();
    const chosen = this.#microphone.value || preference('microphone', '');
    const options = found.filter((one) => one.deviceId)
      .map(({ deviceId, label }, i) => new Option(label || say('microphone-n', { n: i + 1 }), deviceId));
    this.#microphone.replaceChildren(new Option(say('microphone-any'), ''), ...options);
    this.#microphone.value = options.some((one) => one.value === chosen) ? chosen : '';
  }

  #draw() {
    const { state } = this.#capture;
    const on = this.on;
    const shown = state === 'speaking' ? state : this.#uplink.sending ? 'sending' : state;
    this.#button.setAttribute('aria-pressed', String(on));
    this.#button.title = say(on ? 'stop' : 'record');
    this.#state.dataset.state = shown;
    const words = say(`state-${this.#starting && shown === 'off' ? 'starting' : shown}`);
    if (this.#state.textContent !== words) this.#state.textContent = words;
    if (!on) this.#level(-Infinity, false);
  }

  /** @param {number} level  dBFS @param {boolean} speech */
  #level(level, speech) {
    const part = Math.round(100 * Math.min(1, Math.max(0, (level - QUIET) / (LOUD - QUIET))));
    piece('level-arc', SVGElement).setAttribute('stroke-dasharray', `${part} 100`);
    const meter = piece('level-meter', SVGElement);
    meter.setAttribute('aria-valuenow', String(part));
    meter.toggleAttribute('data-speech', speech);
  }

  /** @param {string} code */
  #tell(code) {
    this.#error.textContent = say(code);
    this.#error.dataset.code = code;
    this.#error.hidden = false;
    this.#draw();
  }

  /** @param {{code: string, from: number, to: number, message: string}} what */
  #lost({ code, from, to, message }) {
    if (code === 'full') return this.#losses.hole(code, from, to);
    const key = code === 'too-large' ? code : 'clip-refused';
    this.#losses.tell(say(key, { from: exactTimeOf(from), why: why({ code, message }) }));
  }

  /** @param {number} from @param {number} to @param {string} reason */
  #gap(from, to, reason) {
    if (this.#error.dataset.code === 'muted') this.#error.hidden = true;
    this.#losses.hole(reason, from, to);
  }
}
