import assert from 'node:assert/strict';
import { test } from 'node:test';

import { EarlyTranslations } from '../../../static/meet/js/captions/early_translations.js';

const of = (clip, revision, lang = 'en') => ({ clip, revision, lang, state: 'done', text: `${lang} ${revision}` });
const words = (found) => found.map((one) => one.text);

test('a translation waits for its line', () => {
  const early = new EarlyTranslations();
  early.keep(of('a', 1));
  early.keep(of('a', 1, 'ja'));
  early.keep(of('b', 1));
  assert.deepEqual(words(early.take('a', 1)), ['en 1', 'ja 1']);
  assert.deepEqual(early.take('a', 1), []);
});

test('a translation of an older revision is of no use any more', () => {
  const early = new EarlyTranslations();
  early.keep(of('a', 1));
  assert.deepEqual(early.take('a', 2), []);
  assert.deepEqual(early.take('a', 1), []);
});

test('a translation of a newer revision waits for that one', () => {
  const early = new EarlyTranslations();
  early.keep(of('a', 2));
  assert.deepEqual(early.take('a', 1), []);
  assert.deepEqual(words(early.take('a', 2)), ['en 2']);
});

test('what waits for ever does not fill the page\'s memory', () => {
  const early = new EarlyTranslations();
  for (let i = 0; i < 1000; i += 1) early.keep(of(`clip ${i}`, 1));
  assert.deepEqual(early.take('clip 0', 1), []);
  assert.equal(early.take('clip 999', 1).length, 1);
});
