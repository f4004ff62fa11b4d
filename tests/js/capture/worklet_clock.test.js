import assert from 'node:assert/strict';
import { test } from 'node:test';

import { WorkletClock } from '../../../static/meet/js/capture/worklet_clock.js';

test('the least late message says when something was', () => {
  const clock = new WorkletClock();
  for (const [at, late] of [[30, 15], [60, 4], [90, 200]]) clock.hear(at, 1000 + at + late);
  assert.equal(clock.when(60), 1064);
});

test('a page that was busy for a second moves nothing', () => {
  const clock = new WorkletClock();
  for (let at = 30; at <= 3000; at += 30) assert.equal(clock.hear(at, at + 5), 0);
  for (let at = 3030; at <= 5010; at += 30) assert.equal(clock.hear(at, Math.max(5005, at + 5)), 0);
  for (let at = 5040; at <= 9000; at += 30) assert.equal(clock.hear(at, at + 5), 0);
  assert.equal(clock.when(9000), 9005);
});

test('a worklet that stood still is noticed, once', () => {
  const clock = new WorkletClock();
  let lost = 0;
  for (let at = 30; at <= 3000; at += 30) lost += clock.hear(at, at + 5);
  for (let at = 3030; at <= 9000; at += 30) lost += clock.hear(at, at + 805);
  assert.equal(lost, 800);
  assert.equal(clock.when(9000), 9805);
});

test('two clocks that drift apart slowly are followed', () => {
  const clock = new WorkletClock();
  for (let at = 30; at <= 600_000; at += 30) assert.equal(clock.hear(at, at * 1.0001 + 5), 0);
  assert.ok(Math.abs(clock.when(600_000) - (600_060 + 5)) <= 2);
});
