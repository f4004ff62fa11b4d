/** The sound of another tab or of the computer, shared into the room as a speaker of its own, beside one's microphone. */

import { Capture } from '../capture/capture.js';
import { MicrophoneError } from '../capture/microphone.js';
import { canShareSound, openSharedSound } from '../capture/tab_audio.js';
import { deliver } from '../connection/clip_delivery.js';
import { shareStart, shareStop } from '../connection/events.js';
import { exactTimeOf, figure, piece, say } from '../shared/page.js';

/** @typedef {ConstructorParameters<typeof Capture>[0]} CaptureOptions */

export class SoundSharing {
  #button = piece('share-sound', HTMLButtonElement);
  #words = piece('share-state', HTMLElement);
  #error = piece('share-error', HTMLElement);
  #losses; #send;
  /** @type {MediaStream | null} */ #stream = null;    // while something is shared
  #speaker = '';              // the participant that speaks in it, once the server has said who
  #asking = false;
  #hinted = false;

  /** @param {{capture: CaptureOptions, uplink: import('../connection/uplink.js').Uplink, losses: import('./lost_speech.js').LostSpeech,
   *          send: (event: object) => boolean}} options */
  constructor({ capture, uplink, losses, send }) {
    this.capture = new Capture({ ...capture, open: async () => /** @type {MediaStream} */ (this.#stream) });
    this.#losses = losses;
    this.#send = send;
    this.#button.hidden = !canShareSound();
    piece('share-unsupported', HTMLElement).hidden = canShareSound();
    this.#button.addEventListener('click', () => void this.#toggle());
    deliver(this.capture, uplink, () => ({ language: '', speaker: this.#speaker }));
    this.#listen();
    this.#draw();
  }

  /** The server is there: it is told again of what is shared. */
  welcome() {
    this.#button.disabled = false;
    if (this.#stream) this.#send(shareStart(document.documentElement.lang));
  }

  /** Who speaks in what is shared, and the number of its next clip. @param {import('../connection/events.js').Sharing} event */
  async hear({ participant, next_number: next }) {
    this.#speaker = participant;
    this.capture.number = Math.max(this.capture.number, next);
    if (!this.#stream) return;
    try {
      await this.capture.start();
    } catch (error) {
      if (!(error instanceof MicrophoneError)) throw error;
      this.#tell(error.code);
      this.#over();
    }
  }

  /** As if its person had pressed the button. */
  async stop() { if (this.#stream) await this.#toggle(); }

  #listen() {
    /** @param {string} type @param {(detail: any) => void} hear */
    const on = (type, hear) => this.capture.addEventListener(type, (event) => hear(/** @type {CustomEvent} */ (event).detail));
    on('state', ({ state }) => (state === 'off' ? this.#over() : this.#draw()));
    // its track ends where a person presses the browser's own «stop», and is muted where nothing plays: no error
    on('error', ({ code }) => { if (code === 'recorder') this.#tell('share-failed'); });
    on('gap', ({ from, to, reason }) => { if (reason !== 'muted') this.#missed(from, to); });
  }

  async #toggle() {
    if (this.#stream) {
      const stream = this.#stream;
      await this.capture.stop();
      if (this.#stream === stream) this.#over();       // the server had not answered yet
    } else if (!this.#asking) await this.#ask();
  }

  async #ask() {
    this.#error.hidden = true;
    this.#asking = true;
    try {
      this.#stream = await openSharedSound();
      this.#stream.getAudioTracks()[0].addEventListener('ended', () => { if (this.capture.state === 'off') this.#over(); });
      this.#send(shareStart(document.documentElement.lang));
      this.#hint();
    } catch (error) {
      if (!(error instanceof MicrophoneError)) throw error;
      this.#tell(error.code);
    } finally {
      this.#asking = false;
      this.#draw();
    }
  }

  /** Nothing is shared any more. */
  #over() {
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    if (this.#stream) this.#send(shareStop());
    this.#stream = null;
    this.#draw();
  }

  /** Once a visit: what a loudspeaker plays comes back through the microphone. */
  #hint() {
    if (!this.#hinted) this.#losses.tell(say('share-hint'));
    this.#hinted = true;
  }

  /** @param {number} from @param {number} to */
  #missed(from, to) {
    const seconds = figure(Math.max(0.1, (to - from) / 1000));
    this.#losses.tell(say('share-missed', { from: exactTimeOf(from), to: exactTimeOf(to), seconds }));
  }

  #draw() {
    const on = this.#stream !== null;
    const state = on && this.capture.state === 'off' ? 'starting' : this.capture.state;
    this.#button.setAttribute('aria-pressed', String(on));
    this.#button.title = say(on ? 'share-stop' : 'share-sound');
    this.#button.dataset.state = state;
    this.#words.textContent = say(`share-${state}`);
  }

  /** @param {string} code */
  #tell(code) {
    this.#error.textContent = say(code);
    this.#error.dataset.code = code;
    this.#error.hidden = false;
  }
}
