import assert from 'node:assert/strict';
import { test } from 'node:test';

import { bySpeechModel, continues, isBetter, isNews, newest, placeOf, under } from '../../../static/meet/js/captions/line_order.js';

const line = (id, at, speaker = 'alice', type = 'caption') => ({ id, at, speaker, type });
const ALL = ['zh-Hant', 'zh-Hans', 'en', 'ja'];

test('a line stands by when it was said, not by when it arrived', () => {
  const lines = [line('a', 1000), line('b', 3000)];
  assert.equal(placeOf(lines, line('c', 2000)), 1);
  assert.equal(placeOf(lines, line('c', 4000)), 2);
  assert.equal(placeOf(lines, line('c', 500)), 0);
});

test('two lines of one moment stand the same way in every page', () => {
  assert.equal(placeOf([line('a', 1000)], line('b', 1000)), 1);
  assert.equal(placeOf([line('b', 1000)], line('a', 1000)), 0);
});

test('a speaker who goes on is not named again', () => {
  assert.equal(continues(line('a', 1000), line('b', 6000)), true);
  assert.equal(continues(line('a', 1000), line('b', 6000, 'bob')), false);
  assert.equal(continues(line('a', 1000), line('b', 200_000)), false);
  assert.equal(continues(line('a', 1000, 'alice', 'gap'), line('b', 6000)), false);
  assert.equal(continues(undefined, line('b', 6000)), false);
});

test('a partial never comes after its final', () => {
  assert.equal(isNews({ state: 'final', revision: 1 }, { state: 'partial', revision: 2 }), false);
  assert.equal(isNews({ state: 'partial', revision: 2 }, { state: 'final', revision: 1 }), true);
});

test('an older revision changes nothing', () => {
  assert.equal(isNews({ state: 'final', revision: 2 }, { state: 'final', revision: 1 }), false);
  assert.equal(isNews({ state: 'final', revision: 1 }, { state: 'final', revision: 2 }), true);
});

test('a line is not repeated in its own language', () => {
  assert.deepEqual(under('ja', ALL, { final: true, translates: true, known: ALL }), ['zh-Hant', 'zh-Hans', 'en']);
});

test('a final line has a row only for what the server has or promised', () => {
  assert.deepEqual(under('ko', ALL, { final: true, translates: true, known: ['en'] }), ['en']);
  assert.deepEqual(under('ko', ALL, { final: true, translates: true, known: [] }), []);
});

test('a final line has no row in a language the reader did not choose', () => {
  assert.deepEqual(under('ja', ['en'], { final: true, translates: true, known: ALL }), ['en']);
});

test('a partial line has the rows that its final will probably have', () => {
  const there = { final: false, known: [] };
  assert.deepEqual(under('ja', ALL, { ...there, translates: true }), ['zh-Hant', 'zh-Hans', 'en']);
  assert.deepEqual(under('zh-Hant', ALL, { ...there, translates: false }), ['zh-Hans']);
  assert.deepEqual(under('en', ALL, { ...there, translates: false }), []);
});

test('a translation that is done does not wait again', () => {
  const found = newest([{ lang: 'en', state: 'waiting', text: '' }, { lang: 'en', state: 'done', text: 'Hello' },
    { lang: 'en', state: 'waiting', text: '' }]);
  assert.equal(found.get('en').text, 'Hello');
});

const model = { lang: 'en', state: 'done', text: 'All hello', provider: 'whisper' };
const translator = { lang: 'en', state: 'done', text: 'Hello everyone', provider: 'google' };

test("a translator's words come in place of the speech model's, and never the other way round", () => {
  assert.equal(newest([model, translator]).get('en').text, 'Hello everyone');
  assert.equal(newest([translator, model]).get('en').text, 'Hello everyone');
  assert.equal(isBetter(model, translator), true);
  assert.equal(isBetter(translator, model), false);
});

test("the speech model's words do not vanish while a translator is waited for", () => {
  assert.equal(isBetter(model, { lang: 'en', state: 'waiting', text: '', provider: '' }), false);
  assert.equal(isBetter({ lang: 'en', state: 'waiting', text: '', provider: '' }, model), true);
});

test('only what the speech model translated is marked', () => {
  assert.equal(bySpeechModel(model), true);
  assert.equal(bySpeechModel(translator), false);
  assert.equal(bySpeechModel({ lang: 'en', state: 'waiting', text: '', provider: 'whisper' }), false);
});
