import assert from 'node:assert/strict';
import { test } from 'node:test';

import { initial, Speakers } from '../../../static/meet/js/people/speakers.js';

test('a speaker stays who they were', () => {
  const speakers = new Speakers();
  assert.equal(speakers.kind('alice'), speakers.kind('alice'));
});

test('a first speaker looks the same in every page', () => {
  assert.equal(new Speakers().kind('alice'), new Speakers().kind('alice'));
});

test('the first eight speakers all differ', () => {
  const speakers = new Speakers();
  const kinds = Array.from({ length: 8 }, (_, i) => speakers.kind(`person ${i}`));
  assert.equal(new Set(kinds).size, 8);
});

test('the initial is one letter as people see letters', () => {
  assert.equal(initial('alice'), 'A');
  assert.equal(initial(' 陳小美'), '陳');
  assert.equal(initial('👩‍💻 dev'), '👩‍💻');
});
