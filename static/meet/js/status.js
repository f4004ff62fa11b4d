/** What the page says of the line, the engine and the meeting: each state in words. */

import { figure, piece, say } from './page.js';

const HALF_MINUTE = 30_000;   // ms: an older pause has nothing to do with this caption

export class Status {
  #connection = piece('connection', HTMLElement);
  #lag = piece('lag', HTMLElement);
  #clock;
  /** @type {Map<string, number>} */ #paused = new Map();      // when each person's last pause began

  /** @param {import('./clock.js').ServerClock} clock */
  constructor(clock) { this.#clock = clock; }

  /** @param {string} state */
  line(state) {
    this.#connection.dataset.state = state;
    this.#connection.textContent = say(state);
    if (state !== 'online') delete this.#lag.dataset.lineMs;
    this.#write();
  }

  /** A ping came back. */
  beat() {
    const ms = this.#clock.roundTrip;
    if (ms !== null) this.#lag.dataset.lineMs = String(Math.max(1, Math.round(ms)));
    this.#write();
  }

  /** @param {import('./events.js').Speaking} event */
  speaking({ participant, speaking }) {
    if (!speaking) this.#paused.set(participant, this.#clock.here());
  }

  /** Words appeared: how long after their speaker's pause. @param {import('./events.js').Caption} caption */
  final({ speaker }) {
    const since = this.#clock.here() - (this.#paused.get(speaker) ?? -Infinity);
    this.#paused.delete(speaker);
    if (since > HALF_MINUTE) return;
    this.#lag.dataset.captionsMs = String(Math.round(since));
    this.#write();
  }

  /** @param {import('./events.js').Engine} engine */
  engine({ state, demo }) {
    piece('engine-away', HTMLElement).hidden = state !== 'away';
    piece('model-banner', HTMLElement).hidden = !demo;
  }

  /** @param {boolean} ended */
  meeting(ended) { piece('meeting-ended', HTMLElement).hidden = !ended; }

  /** This browser may not come in. */
  refused() { piece('socket-refused', HTMLElement).hidden = false; }

  #write() {
    const { lineMs, captionsMs } = this.#lag.dataset;
    const parts = [
      ...(lineMs ? [say('line-ms', { ms: lineMs })] : []),
      ...(captionsMs ? [say('captions-s', { s: figure(Number(captionsMs) / 1000) })] : []),
    ];
    this.#lag.textContent = parts.join(' · ');
  }
}
