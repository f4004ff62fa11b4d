/** The record button, the microphone behind it and its level: what is captured goes to the uplink. */

import { MicrophoneError } from '../capture/microphone.js';
import { SignalMonitor } from '../capture/signal_monitor.js';
import { MicrophoneChoice } from './microphone_choice.js';
import { deliver } from '../connection/clip_delivery.js';
import { fullness } from './level_meter.js';
import { exactTimeOf, figure, piece, say, why } from '../shared/page.js';
import { prefer, preference } from '../shared/preferences.js';

const TWICE = 5000;           // ms: a microphone that goes again so soon is not followed by yet another one

export class RecordButton {
  #button = piece('record', HTMLButtonElement);
  #state = piece('capture-state', HTMLElement);
  #error = piece('capture-error', HTMLElement);
  #spoken = piece('spoken-language', HTMLSelectElement);
  #noise = piece('noise-suppression', HTMLInputElement);
  #gain = piece('auto-gain', HTMLInputElement);
  #choice = new MicrophoneChoice(piece('microphone', HTMLSelectElement));
  #capture; #uplink; #losses; #now;
  #signal = new SignalMonitor();
  #starting = false;
  #stopped = false;           // by a person, who may do so while the microphone is opened anew
  #fellBack = -Infinity;      // when a microphone went and another one took its place

  /** @param {{capture: import('../capture/capture.js').Capture, uplink: import('../connection/uplink.js').Uplink,
   *          losses: import('./lost_speech.js').LostSpeech, now: () => number}} options  now: ms of the server's clock */
  constructor({ capture, uplink, losses, now }) {
    this.#capture = capture;
    this.#uplink = uplink;
    this.#losses = losses;
    this.#now = now;
    this.#button.addEventListener('click', () => this.#toggle());
    this.#remember();
    this.#listen();
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

  /** As if its person had pressed the button. What was said till now is sent. */
  async stop() { if (this.on) await this.#toggle(); }

  #listen() {
    deliver(this.#capture, this.#uplink, () => ({ language: this.#spoken.value }));
    /** @param {string} type @param {(detail: any) => void} hear */
    const on = (type, hear) => this.#capture.addEventListener(type, (event) => hear(/** @type {CustomEvent} */ (event).detail));
    on('level', ({ level, speech }) => this.#hear(level, speech));
    on('state', () => this.#draw());
    on('error', ({ code }) => (code === 'taken-away' ? void this.#fallBack() : this.#tell(code)));
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
    this.#choice.addEventListener('change', () => void this.#renew());
    for (const box of [this.#noise, this.#gain]) {
      box.addEventListener('change', () => {
        prefer(box.id, box.checked);
        void this.#renew();
      });
    }
  }

  /** The microphone is opened anew with what was chosen. */
  async #renew() {
    if (!this.on) return;
    this.#starting = true;
    await this.#capture.stop();
    if (!this.#stopped) await this.#start();
  }

  async #toggle() {
    this.#stopped = this.on;
    if (this.#stopped) {
      this.#starting = false;
      await this.#capture.stop();
      this.#draw();
    } else await this.#start();
  }

  async #start() {
    this.#error.hidden = true;
    this.#starting = true;
    this.#signal = new SignalMonitor();
    this.#draw();
    try {
      await this.#open();
      void this.#choice.list();
    } catch (error) {
      if (!(error instanceof MicrophoneError)) throw error;
      this.#tell(error.code);
    } finally {
      this.#starting = false;
      this.#draw();
    }
  }

  /** The chosen microphone; whichever there is where that one cannot be had. */
  async #open() {
    const wishes = { noiseSuppression: this.#noise.checked, autoGainControl: this.#gain.checked };
    const { deviceId } = this.#choice;
    try {
      await this.#capture.start({ ...wishes, deviceId });
    } catch (error) {
      if (!deviceId || !(error instanceof MicrophoneError) || error.code !== 'missing') throw error;
      if (this.#stopped) return;
      this.#choice.pass();
      await this.#capture.start(wishes);
    }
  }

  /** The microphone was taken away in the middle: another one takes its place, and that is told with what was missed. */
  async #fallBack() {
    const from = this.#now();
    const gone = this.#capture.label;
    const again = from - this.#fellBack < TWICE;
    this.#fellBack = from;
    if (again) return this.#tell('taken-away');
    this.#starting = true;
    await this.#choice.list();
    if (this.#stopped || !this.on) return;             // a person pressed stop meanwhile
    await this.#start();
    this.#fellBack = this.#now();                      // opening took its time: what counts is how long the new one lasts
    if (this.#capture.state === 'off') return this.#error.dataset.code === 'missing' ? this.#tell('taken-away') : undefined;
    const seconds = figure(Math.max(0.1, (this.#now() - from) / 1000));
    this.#losses.tell(say('fell-back', { gone, taken: this.#capture.label, seconds }));
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
    if (on) return;
    this.#level(-Infinity, false);
    this.#clear('no-signal');
  }

  /** Shows a level, and says where the microphone gives nothing at all, or is very quiet.
   *  @param {number} level  dBFS @param {boolean} speech */
  #hear(level, speech) {
    this.#level(level, speech);
    const change = this.#signal.push(level, speech);
    if (change === 'lost' && this.#error.hidden) this.#tell('no-signal');
    if (change === 'back') this.#clear('no-signal');
    if (change === 'faint') this.#losses.tell(say('faint'));
  }

  /** @param {number} level  dBFS @param {boolean} speech */
  #level(level, speech) {
    const part = fullness(level);
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

  /** Hides an error that is over. @param {string} code */
  #clear(code) { if (this.#error.dataset.code === code) this.#error.hidden = true; }

  /** @param {{code: string, from: number, to: number, message: string}} what */
  #lost({ code, from, to, message }) {
    if (code === 'full') return this.#losses.hole(code, from, to);
    const key = code === 'too-large' ? code : 'clip-refused';
    this.#losses.tell(say(key, { from: exactTimeOf(from), why: why({ code, message }) }));
  }

  /** @param {number} from @param {number} to @param {string} reason */
  #gap(from, to, reason) {
    this.#clear('muted');
    this.#losses.hole(reason, from, to);
  }
}
