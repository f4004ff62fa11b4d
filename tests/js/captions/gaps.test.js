import assert from 'node:assert/strict';
import { test } from 'node:test';

import { wholeSeconds } from '../../../static/meet/js/captions/gaps.js';

test('gaps are shown as their length together, in whole seconds', () => {
  assert.equal(wholeSeconds([[1200, 4300]]), 3);
  assert.equal(wholeSeconds([[0, 2000], [5000, 8600]]), 6);
});

test('a gap of less than a second is shown as one second, never as none', () => {
  assert.equal(wholeSeconds([[1000, 1400]]), 1);
});
