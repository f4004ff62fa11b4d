/** What the page says of the line, the engine and the meeting: each state in words. */

import { figure, piece, say } from '../shared/page.js';

const PATIENCE = 2000;        // ms: a line that comes back sooner is not worth a word
const HALF_MINUTE = 30_000;   // ms: an older pause has nothing to do with this caption

export class Status {
  #connection = piece('connection', HTMLElement);
  #lag = piece('lag', HTMLElement);
  #clock;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #away;
  #refused = false;
  /** @type {Map<string, number>} */ #paused = new Map();      // when each person's last pause began

  /** @param {import('../connection/server_clock.js').ServerClock} clock */
  constructor(clock) {
    this.#clock = clock;
    this.#wait();
  }

  /** @param {string} state */
  line(state) {
    this.#connection.dataset.state = state;
    this.#connection.textContent = say(state);
    clearTimeout(this.#away);
    if (state === 'online') piece('line-away', HTMLElement).hidden = true;
    else this.#wait();
    if (state !== 'online') delete this.#lag.dataset.lineMs;
    this.#write();
  }

  /** A ping came back. */
  beat() {
    const ms = this.#clock.roundTrip;
    if (ms !== null) this.#lag.dataset.lineMs = String(Math.max(1, Math.round(ms)));
    this.#write();
  }

  /** @param {import('../connection/events.js').Speaking} event */
  speaking({ participant, speaking }) {
    if (!speaking) this.#paused.set(participant, this.#clock.here());
  }

  /** Words appeared: how long after their speaker's pause. @param {import('../connection/events.js').Caption} caption */
  final({ speaker }) {
    const since = this.#clock.here() - (this.#paused.get(speaker) ?? -Infinity);
    this.#paused.delete(speaker);
    if (since > HALF_MINUTE) return;
    this.#lag.dataset.captionsMs = String(Math.round(since));
    this.#write();
  }

  /** @param {import('../connection/events.js').Engine} engine */
  engine({ state, demo }) {
    for (const one of ['loading', 'away']) piece(`engine-${one}`, HTMLElement).hidden = state !== one;
    if (demo || state === 'ready') piece('model-banner', HTMLElement).hidden = !demo;    // one that is away does not say
  }

  /** @param {boolean} ended */
  meeting(ended) { piece('meeting-ended', HTMLElement).hidden = !ended; }

  /** This browser may not come in. */
  refused() {
    this.#refused = true;
    piece('socket-refused', HTMLElement).hidden = false;
  }

  #wait() { this.#away = setTimeout(() => { piece('line-away', HTMLElement).hidden = this.#refused; }, PATIENCE); }

  #write() {
    const { lineMs, captionsMs } = this.#lag.dataset;
    const parts = [
      ...(lineMs ? [say('line-ms', { ms: lineMs })] : []),
      ...(captionsMs ? [say('captions-s', { s: figure(Number(captionsMs) / 1000) })] : []),
    ];
    this.#lag.textContent = parts.join(' · ');
  }
}
