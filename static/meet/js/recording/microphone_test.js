/** The microphone's test on the way in: which one, how loud, and whether speech is found in it. Joining never needs it. */

import { loadDetector } from '../capture/detector.js';
import { AudioGraph } from '../capture/audio_graph.js';
import { MicrophoneVerdict } from '../capture/microphone_verdict.js';
import { MicrophoneError, openMicrophone } from '../capture/microphone.js';
import { MicrophoneChoice } from './microphone_choice.js';
import { fullness } from './level_meter.js';
import { piece, say } from '../shared/page.js';
import { preference } from '../shared/preferences.js';

const FRAME = 480;            // samples
const LONGEST = 60_000;       // ms of sound: nobody listens on for ever

/** @typedef {{stream: MediaStream, ear: AudioGraph, vad: import('../capture/detector.js').Detector}} Running */

class MicrophoneTest {
  #button = piece('test-microphone', HTMLButtonElement);
  #result = piece('test-result', HTMLElement);
  #meter = piece('test-level', HTMLElement);
  #bar = piece('test-level-bar', HTMLElement);
  #choice = new MicrophoneChoice(piece('microphone', HTMLSelectElement));
  #files = piece('soundcheck', HTMLElement).dataset;
  /** @type {Running | null} */ #running = null;
  #opening = false;

  constructor() {
    this.#button.addEventListener('click', () => void (this.#running ? this.#stop() : this.#start()));
    this.#choice.addEventListener('change', () => { if (this.#running) void this.#stop().then(() => this.#start()); });
    addEventListener('pagehide', () => void this.#stop());
    if (!window.isSecureContext) this.#tell('insecure');
    if (this.#button.dataset.press === 'kept') void this.#start();     // before this was here: pressed.js
    delete this.#button.dataset.press;
  }

  async #start() {
    if (this.#opening) return;
    this.#opening = true;
    this.#tell('opening');
    try {
      this.#running = await this.#open();
      this.#tell('listening');
      await this.#choice.list();
    } catch (error) {
      if (!(error instanceof MicrophoneError)) throw error;
      this.#tell(error.code);
    } finally {
      this.#opening = false;
      this.#draw();
    }
  }

  /** As the room will open it: what is heard here is what is heard there. @returns {Promise<Running>} */
  async #open() {
    const stream = await openMicrophone({
      deviceId: this.#choice.deviceId,
      noiseSuppression: preference('noise-suppression', false),
      autoGainControl: preference('auto-gain', false),
    });
    const ear = new AudioGraph(() => {});
    try {
      const vad = await loadDetector(this.#files.vad ?? '', this.#files.vadWasm ?? '').catch((error) => {
        throw new MicrophoneError('vad', error);
      });
      const hearing = new MicrophoneVerdict();
      await ear.listen(stream, this.#files.worklet ?? '', (block) => this.#hear(hearing, vad, block));
      const [track] = stream.getAudioTracks();
      track.onended = () => void this.#stop().then(() => this.#tell('taken-away'));
      track.onmute = () => this.#tell('nothing');
      return { stream, ear, vad };
    } catch (error) {
      for (const track of stream.getTracks()) track.stop();
      await ear.close();
      throw error instanceof MicrophoneError ? error : new MicrophoneError('unsupported', error);
    }
  }

  /** @param {MicrophoneVerdict} hearing @param {import('../capture/detector.js').Detector} vad @param {import('../capture/worklet.js').Block} block */
  #hear(hearing, vad, { at, samples, levels }) {
    if (this.#running?.vad !== vad) return;
    const speech = levels.map((_, i) => vad.hears(samples.subarray(i * FRAME, (i + 1) * FRAME))).some(Boolean);
    const level = Math.max(...levels);
    this.#level(level, speech);
    this.#tell(hearing.push(level, speech));
    if (at > LONGEST) void this.#stop();
  }

  async #stop() {
    const running = this.#running;
    if (!running) return;
    this.#running = null;
    for (const track of running.stream.getTracks()) {
      track.onended = null;
      track.stop();
    }
    running.vad.free();
    this.#level(-Infinity, false);
    if (this.#result.dataset.state === 'listening') this.#tell('off');
    this.#draw();
    await running.ear.close();
  }

  /** @param {number} level  dBFS @param {boolean} speech */
  #level(level, speech) {
    const part = fullness(level);
    this.#bar.style.inlineSize = `${part}%`;
    this.#meter.setAttribute('aria-valuenow', String(part));
    this.#meter.toggleAttribute('data-speech', speech);
  }

  /** @param {string} state  a verdict of Hearing, or a code of MicrophoneError */
  #tell(state) {
    if (this.#result.dataset.state === state) return;
    this.#result.dataset.state = state;
    this.#result.textContent = state === 'off' ? '' : say(`test-${state}`);
  }

  #draw() {
    const on = this.#running !== null;
    this.#button.textContent = say(on ? 'test-stop' : 'test-start');
    this.#meter.hidden = !on;
  }
}

new MicrophoneTest();
