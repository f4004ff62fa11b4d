import assert from 'node:assert/strict';
import { test } from 'node:test';

import { SilenceReasons } from '../../../static/meet/js/capture/silence_reasons.js';

test('a reason counts from when it began, and ends once', () => {
  const silences = new SilenceReasons();
  assert.equal(silences.begin('muted', 100), true);
  assert.equal(silences.begin('muted', 200), false);
  assert.equal(silences.end('muted'), 100);
  assert.equal(silences.end('muted'), undefined);
});

test('while one of several reasons lasts, nothing is heard', () => {
  const silences = new SilenceReasons();
  silences.begin('muted', 100);
  silences.begin('interrupted', 150);
  silences.end('muted');
  assert.equal(silences.any, true);
  assert.deepEqual(silences.reasons, ['interrupted']);
  silences.end('interrupted');
  assert.equal(silences.any, false);
});
