/** The socket to the room: opens it, opens it again when it is gone, keeps its heartbeat and the server's time. */

import { ServerClock } from './server_clock.js';
import { ping, read } from './events.js';

const FIRST_WAIT = 250;       // ms before the first new attempt, then twice as long each time
const LONGEST_WAIT = 5000;
const SETTLED = 10_000;       // ms: a line that lived so long was a good one
const PATIENCE = 10_000;      // ms in which a socket must open
const BEAT = 5000;
const DEAD_AFTER = 12000;     // a ping without an answer
const BURST = [0, 120, 400, 900];   // ms: the clock is good from the start
const REFUSED = 4403;         // close code: this browser may not come in

/**
 * Events: `state` {state: 'online' | 'reconnecting' | 'offline'}, `event` (what the server said), `beat` (a ping came
 * back), `refused`.
 */
export class Connection extends EventTarget {
  #url;
  /** @type {WebSocket | null} */ #socket = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #retry;
  #attempts = 0;
  /** @type {number | null} */ #welcomed = null; // here, when the server let us in on this socket
  #refused = false;
  /** @type {number | null} */ #pinged = null;   // here, when the unanswered ping was sent
  /** @type {string} */ #state = 'reconnecting';

  /** @param {string} url  ws: or wss: @param {ServerClock} [clock] */
  constructor(url, clock = new ServerClock()) {
    super();
    this.#url = url;
    this.clock = clock;
  }

  get state() { return this.#state; }

  open() {
    addEventListener('online', () => this.#now());
    addEventListener('offline', () => this.#tell());
    document.addEventListener('visibilitychange', () => { if (!document.hidden) this.#now(); });
    setInterval(() => this.#beat(), BEAT);
    this.#connect();
  }

  /** Whether it went out; nothing is kept here. @param {object | Uint8Array<ArrayBuffer>} what @returns {boolean} */
  send(what) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(what instanceof Uint8Array ? what : JSON.stringify(what));
    return true;
  }

  #connect() {
    clearTimeout(this.#retry);
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.addEventListener('open', () => this.#opened(socket));
    socket.addEventListener('message', ({ data }) => { if (this.#socket === socket) this.#hear(data); });
    socket.addEventListener('close', ({ code }) => { if (this.#socket === socket) this.#closed(code); });
    setTimeout(() => {
      if (this.#socket === socket && socket.readyState === WebSocket.CONNECTING) this.#leave(socket);
    }, PATIENCE);
    this.#tell();
  }

  /** @param {WebSocket} socket */
  #opened(socket) {
    this.clock.restart();
    for (const wait of BURST) setTimeout(() => { if (this.#socket === socket) this.#ping(); }, wait);
    this.#tell();
  }

  /** @param {number} code */
  #closed(code) {
    this.#socket = null;
    if (this.#welcomed !== null && this.clock.here() - this.#welcomed >= SETTLED) this.#attempts = 0;
    this.#welcomed = this.#pinged = null;
    this.#refused = code === REFUSED;
    if (this.#refused) this.dispatchEvent(new CustomEvent('refused'));
    else this.#retry = setTimeout(() => this.#connect(), this.#wait());
    this.#tell();
  }

  /** How long to wait: longer each time, and not for everybody the same. */
  #wait() {
    const longest = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.#attempts);
    this.#attempts += 1;
    return longest * (0.5 + Math.random() / 2);
  }

  /** There is reason to think that it would work at once. */
  #now() {
    if (this.#socket === null && !this.#refused) this.#connect();
    else this.#beat();
    this.#tell();
  }

  /** @param {string} data */
  #hear(data) {
    const event = read(data);
    if (!event) return;
    if (event.type === 'welcome') this.#welcomed = this.clock.here();
    if (event.type === 'pong') {
      this.#pinged = null;
      this.clock.hear(event.sent_at, event.server_at);
      this.dispatchEvent(new CustomEvent('beat'));
    }
    this.dispatchEvent(new CustomEvent('event', { detail: event }));
  }

  /** Time is asked of the clock, not of the timer: in a hidden page a beat may come a minute late. */
  #beat() {
    const here = this.clock.here();
    if (this.#pinged === null) this.#ping();
    else if (here - this.#pinged > DEAD_AFTER && this.#socket) this.#leave(this.#socket);
  }

  #ping() {
    const here = this.clock.here();
    if (this.send(ping(here))) this.#pinged ??= here;
  }

  /** A socket that answers no more may take minutes to close: it is left behind. @param {WebSocket} socket */
  #leave(socket) {
    this.#closed(0);
    socket.close();
  }

  #tell() {
    const open = this.#socket?.readyState === WebSocket.OPEN;
    const state = open ? 'online' : navigator.onLine && !this.#refused ? 'reconnecting' : 'offline';
    if (state === this.#state) return;
    this.#state = state;
    this.dispatchEvent(new CustomEvent('state', { detail: { state } }));
  }
}
