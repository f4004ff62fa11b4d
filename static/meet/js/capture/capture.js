/**
 * From the microphone to clips: record, stop, leave, and what can happen between.
 *
 * Events (`detail`):
 *   clip-start  {clip, number, startedAt, mime, keepFrom, speechAt}
 *   chunk       {clip, number, data, at}         those recorded before the speech first, in order
 *   clip-end    {clip, chunks, keepTo, duration, reason: 'silence' | 'cut' | 'stop' | 'leave' | 'device'}
 *   level       {level, speech}                  dBFS, every 30 ms
 *   state       {state: 'off' | 'listening' | 'speaking'}
 *   error       {code}                           of MicrophoneError; after 'muted' it listens on, else it is off
 *   gap         {from, to, reason: 'muted' | 'interrupted' | 'lost'}
 * `startedAt`, `speechAt`, `at`, `from` and `to` are ms of the server's clock; `keepFrom`, `keepTo` and `duration` are
 * ms of the clip's own recording. After a cut the next clip may start before the end of the one before it is told.
 */

import { loadDetector } from './detector.js';
import { AudioGraph } from './audio_graph.js';
import { MicrophoneError, openMicrophone } from './microphone.js';
import { CaptureSession } from './capture_session.js';
import { SilenceReasons } from './silence_reasons.js';

const LOSS = 250;             // ms: a shorter hole is none in what the recorder wrote
const SETTLED = 2000;         // ms: before that a worklet that starts on a busy machine jumps

/** @typedef {{stream: MediaStream, ear: AudioGraph, session: CaptureSession}} Running */

export class Capture extends EventTarget {
  #options; #now; #source;
  #state = 'off';
  /** @type {Promise<Running> | null} */ #starting = null;
  /** @type {Running | null} */ #running = null;
  #silences = new SilenceReasons();

  /**
   * @param {object} options
   * @param {string} options.workletUrl
   * @param {string} options.vadUrl  rnnoise.js
   * @param {string} options.vadWasmUrl  rnnoise.wasm
   * @param {number} [options.clipMaxSeconds]
   * @param {number} [options.clipSilenceSeconds]
   * @param {number} [options.number]  of the first clip in its speaker's sequence
   * @param {() => number} [options.now]  ms of the server's clock
   * @param {(wishes: import('./microphone.js').Wishes) => Promise<MediaStream>} [options.open]  what is listened to
   */
  constructor({ workletUrl, vadUrl, vadWasmUrl, clipMaxSeconds = 20, clipSilenceSeconds = 1, number = 0, now = Date.now, open = openMicrophone }) {
    super();
    this.#source = open;
    this.#options = { workletUrl, vadUrl, vadWasmUrl, maxSeconds: clipMaxSeconds, silenceSeconds: clipSilenceSeconds };
    this.#now = now;
    /** The next clip's number. */
    this.number = number;
  }

  get state() { return this.#state; }

  /** What the browser made of our wishes, null while it is off. */
  get settings() { return this.#running?.stream.getAudioTracks()[0].getSettings() ?? null; }
  /** What the browser calls it; '' while it is off. */
  get label() { return this.#running?.stream.getAudioTracks()[0].label ?? ''; }

  /** Fetches what is needed, so that `start` need not wait for it. */
  async prepare() { (await this.#vad()).free(); }

  /** Rejects with MicrophoneError. @param {import('./microphone.js').Wishes} [wishes] */
  async start(wishes = {}) {
    this.#starting ??= this.#open(wishes);
    const starting = this.#starting;
    try {
      await starting;
    } catch (error) {
      if (this.#starting === starting) this.#starting = null;
      throw error;
    }
  }

  /** Ends the clip with everything recorded so far; resolves when its last chunk is out. */
  async stop() {
    try {
      await this.#starting;
    } catch (error) {
      if (error instanceof MicrophoneError) return;     // `start` has told its caller
      throw error;
    }
    await this.#close('stop');
  }

  /** For `pagehide`: the clip ends at once, with the chunks that are out. */
  leave() {
    this.#running?.session.leave();
    void this.#close('leave');
  }

  /** @param {import('./microphone.js').Wishes} wishes @returns {Promise<Running>} */
  async #open(wishes) {
    const stream = await this.#source(wishes);
    const ear = new AudioGraph((on) => this.#silence('interrupted', !on));
    try {
      const session = this.#session(stream);
      const [vad] = await Promise.all([
        this.#vad(),
        ear.listen(stream, this.#options.workletUrl, (block) => this.#hear(session, block)),
      ]);
      this.#watch(stream.getAudioTracks()[0]);
      this.#running = { stream, ear, session };
      this.#turn('listening');
      session.use(vad);
      if (stream.getAudioTracks()[0].readyState === 'ended') this.#fail('taken-away');      // while it was opened
      return this.#running;
    } catch (error) {
      await release(stream, ear);
      throw error instanceof MicrophoneError ? error : new MicrophoneError('unsupported', error);
    }
  }

  /** @param {MediaStream} stream */
  #session(stream) {
    return new CaptureSession(stream, {
      ...this.#options,
      nextNumber: () => this.number++,
      epoch: (moment) => this.#now() + moment - performance.now(),
      emit: (type, detail) => this.#emit(type, detail),
      onError: () => this.#fail('recorder'),
    });
  }

  async #vad() {
    try {
      return await loadDetector(this.#options.vadUrl, this.#options.vadWasmUrl);
    } catch (error) {
      throw new MicrophoneError('vad', error);
    }
  }

  /** @param {MediaStreamTrack} track */
  #watch(track) {
    track.onended = () => this.#fail('taken-away');
    track.onmute = () => {
      this.#silence('muted', true);
      this.#emit('error', { code: 'muted' });
    };
    track.onunmute = () => this.#silence('muted', false);
  }

  /** @param {CaptureSession} session @param {import('./worklet.js').Block} block */
  #hear(session, block) {
    const lost = session.hear(block);
    if (lost >= LOSS && block.at >= SETTLED && !this.#silences.any) {
      this.#emit('gap', { from: this.#now() - lost, to: this.#now(), reason: 'lost' });
    }
    if (this.#running?.session === session) this.#turn(session.speaking ? 'speaking' : 'listening');
  }

  /** Nothing can be heard from here on, or again. @param {string} reason @param {boolean} begins */
  #silence(reason, begins) {
    if (begins) {
      if (this.#running && this.#silences.begin(reason, this.#now())) this.#running.session.interrupt('device');
      return;
    }
    const from = this.#silences.end(reason);
    if (from !== undefined) this.#emit('gap', { from, to: this.#now(), reason });
  }

  /** @param {import('./microphone.js').Code} code */
  #fail(code) {
    if (!this.#running) return;
    this.#emit('error', { code });
    void this.#close('device');
  }

  /** @param {import('./clip.js').Reason} reason */
  async #close(reason) {
    const running = this.#running;
    if (!running) return;
    this.#running = null;
    this.#starting = null;
    for (const why of this.#silences.reasons) this.#silence(why, false);
    await running.session.finish(reason);
    await release(running.stream, running.ear);
    if (!this.#running) this.#turn('off');
  }

  /** @param {string} state */
  #turn(state) {
    if (this.#state === state) return;
    this.#state = state;
    this.#emit('state', { state });
  }

  /** @param {string} type @param {object} detail */
  #emit(type, detail) { this.dispatchEvent(new CustomEvent(type, { detail })); }
}

/** @param {MediaStream} stream @param {AudioGraph} ear */
async function release(stream, ear) {
  for (const track of stream.getTracks()) {
    track.onended = null;
    track.stop();
  }
  await ear.close();
}
