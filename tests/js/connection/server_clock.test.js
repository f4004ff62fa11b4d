import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ServerClock } from '../../../static/meet/js/connection/server_clock.js';

test('without an answer this machine\'s own time serves', () => {
  const clock = new ServerClock(() => 5000);
  assert.equal(clock.now(), 5000);
  assert.equal(clock.roundTrip, null);
});

test('the offset is reckoned from the middle of a round trip', () => {
  const clock = new ServerClock(() => 1000);
  clock.hear(1000, 61_010, 1020);
  assert.equal(clock.now(), 61_000);
  assert.equal(clock.roundTrip, 20);
});

test('a slow answer does not disturb the quick ones', () => {
  const clock = new ServerClock(() => 0);
  for (const sent of [0, 100, 200]) clock.hear(sent, sent + 505, sent + 10);
  clock.hear(300, 1290, 1300);
  assert.equal(clock.offset, 500);
});

test('a new connection keeps the old offset until it has measured its own', () => {
  const clock = new ServerClock(() => 0);
  clock.hear(0, 505, 10);
  clock.restart();
  assert.equal(clock.offset, 500);
  assert.equal(clock.roundTrip, null);
  clock.hear(100, 805, 110);
  assert.equal(clock.offset, 700);
});
