import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';

import { ServerClock } from '../../../static/meet/js/connection/server_clock.js';
import { Connection } from '../../../static/meet/js/connection/connection.js';

/** The other end, which is beyond this machine: it opens, answers and falls silent when the test says so. */
class Socket extends EventTarget {
  static CONNECTING = 0;
  static OPEN = 1;
  static CLOSED = 3;
  readyState = Socket.CONNECTING;
  sent = [];
  constructor(url) {
    super();
    this.url = url;
    sockets.push(this);
  }
  send(what) { this.sent.push(typeof what === 'string' ? JSON.parse(what) : what); }
  opens() {
    this.readyState = Socket.OPEN;
    this.dispatchEvent(new Event('open'));
  }
  says(event) { this.dispatchEvent(new MessageEvent('message', { data: JSON.stringify(event) })); }
  closes(code = 1006) {
    this.readyState = Socket.CLOSED;
    this.dispatchEvent(Object.assign(new Event('close'), { code }));
  }
  close() { this.closed = true; }
}

let sockets, now, page, connection;
const time = (ms) => {
  for (let left = ms; left > 0; left -= 50) {
    now += Math.min(50, left);
    mock.timers.tick(Math.min(50, left));
  }
};

beforeEach(() => {
  sockets = [];
  now = 0;
  page = new EventTarget();
  mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  mock.method(Math, 'random', () => 1);
  Object.assign(globalThis, { WebSocket: Socket, addEventListener: page.addEventListener.bind(page) });
  globalThis.document = Object.assign(new EventTarget(), { hidden: false });
  Object.defineProperty(globalThis, 'navigator', { value: { onLine: true }, configurable: true });
  connection = new Connection('ws://room', new ServerClock(() => now));
  connection.open();
});

afterEach(() => {
  mock.timers.reset();
  mock.restoreAll();
});

test('it is online once the socket is open', () => {
  assert.equal(connection.state, 'reconnecting');
  sockets[0].opens();
  assert.equal(connection.state, 'online');
});

test('nothing goes out before the socket is open', () => {
  assert.equal(connection.send({ type: 'snapshot' }), false);
  sockets[0].opens();
  assert.equal(connection.send({ type: 'snapshot' }), true);
  assert.deepEqual(sockets[0].sent.at(-1), { type: 'snapshot' });
});

test('a lost line is opened again, each time after a longer wait', () => {
  sockets[0].opens();
  sockets[0].closes();
  assert.equal(connection.state, 'reconnecting');
  time(250);
  assert.equal(sockets.length, 2);
  sockets[1].closes();
  time(250);
  assert.equal(sockets.length, 2);
  time(250);
  assert.equal(sockets.length, 3);
});

const fail = (times) => {
  for (let i = 0; i < times; i += 1) {
    sockets.at(-1).closes();
    time(6000);
  }
};

test('a line that lived ten seconds makes the next wait short again', () => {
  fail(3);
  sockets[3].opens();
  sockets[3].says({ type: 'welcome' });
  time(9000);
  sockets[3].says({ type: 'pong', sent_at: now, server_at: now });
  time(1000);
  sockets[3].closes();
  time(250);
  assert.equal(sockets.length, 5);
});

test('a line that breaks soon after its welcome is not opened again at once, time after time', () => {
  fail(3);
  sockets[3].opens();
  sockets[3].says({ type: 'welcome' });
  time(1000);
  sockets[3].closes();
  time(1000);
  assert.equal(sockets.length, 4);
  time(1000);
  assert.equal(sockets.length, 5);
});

test('a socket that does not open is given up, and another one tried', () => {
  time(9950);
  assert.equal(sockets[0].closed, undefined);
  time(300);
  assert.equal(sockets[0].closed, true);
  assert.equal(sockets.length, 2);
  sockets[1].opens();
  time(10_000);
  assert.equal(sockets[1].closed, undefined);
});

test('when the network is back it does not wait', () => {
  navigator.onLine = false;
  sockets[0].closes();
  assert.equal(connection.state, 'offline');
  navigator.onLine = true;
  page.dispatchEvent(new Event('online'));
  assert.equal(sockets.length, 2);
  assert.equal(connection.state, 'reconnecting');
});

test('a browser that may not come in does not knock again', () => {
  let refused = 0;
  connection.addEventListener('refused', () => { refused += 1; });
  sockets[0].opens();
  sockets[0].closes(4403);
  time(60_000);
  assert.equal(refused, 1);
  assert.equal(sockets.length, 1);
  assert.equal(connection.state, 'offline');
});

test('a line that answers no more is left for a new one', () => {
  sockets[0].opens();
  time(20_000);
  assert.equal(sockets[0].closed, true);
  time(250);
  assert.equal(sockets.length, 2);
});

test('a line that answers stays, however late the timers of a hidden page are', () => {
  sockets[0].opens();
  time(100);
  now += 60_000;
  sockets[0].says({ type: 'pong', sent_at: 0, server_at: 0 });
  time(5000);
  assert.equal(sockets[0].closed, undefined);
});

test('what the old socket says late is not heard, and does not end the new one', () => {
  let heard = 0;
  connection.addEventListener('event', () => { heard += 1; });
  sockets[0].opens();
  time(20_000);
  time(250);
  sockets[1].opens();
  sockets[0].says({ type: 'welcome' });
  sockets[0].closes();
  assert.equal(heard, 0);
  assert.equal(connection.state, 'online');
});

test('pings give the server\'s time', () => {
  sockets[0].opens();
  time(20);
  sockets[0].says({ type: 'pong', sent_at: 0, server_at: 7010 });
  assert.equal(connection.clock.now(), 7020);
});
