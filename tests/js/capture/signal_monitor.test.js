import assert from 'node:assert/strict';
import { test } from 'node:test';

import { SignalMonitor } from '../../../static/meet/js/capture/signal_monitor.js';

/** What changes in so many seconds of the same. */
const changes = (signal, seconds, level, speech = false) => {
  const found = [];
  for (let at = 0; at < seconds - 0.001; at += 0.03) found.push(signal.push(level, speech));
  return found.filter(Boolean);
};

test('digital zeros for ten seconds are a lost signal, and the first sound brings it back', () => {
  const signal = new SignalMonitor();
  assert.deepEqual(changes(signal, 9.9, -100), []);
  assert.deepEqual(changes(signal, 20, -100), ['lost']);
  assert.deepEqual(changes(signal, 1, -80), ['back']);
  assert.deepEqual(changes(signal, 20, -100), ['lost']);
});

test('a very quiet room is no lost signal', () => assert.deepEqual(changes(new SignalMonitor(), 60, -90), []));

test('zeros between words are no lost signal', () => {
  const signal = new SignalMonitor();
  for (let word = 0; word < 5; word += 1) {
    assert.deepEqual(changes(signal, 9, -100), []);
    assert.deepEqual(changes(signal, 0.3, -30, true), []);
  }
});

test('speech that never gets louder than -48 dBFS is told once', () => {
  const signal = new SignalMonitor();
  assert.deepEqual(changes(signal, 2.9, -55, true), []);
  assert.deepEqual(changes(signal, 10, -55, true), ['faint']);
});

test('one soft word before speech of ordinary loudness is not told', () => {
  const signal = new SignalMonitor();
  assert.deepEqual([...changes(signal, 1, -55, true), ...changes(signal, 10, -30, true)], []);
});
