import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Journal } from '../../../static/meet/js/capture/journal.js';

const bytes = (count) => new Uint8Array(count);

test('what is not acknowledged is pending, in order', async () => {
  const journal = new Journal();
  journal.open('a', { number: 1 });
  for (const number of [0, 1, 2]) journal.add('a', number, bytes(10));
  journal.acknowledge('a', [0, 2]);
  const [{ clip, start, end, chunks }] = await journal.pending();
  assert.deepEqual({ clip, start, end }, { clip: 'a', start: { number: 1 }, end: null });
  assert.deepEqual(chunks.map((one) => one.number), [1]);
});

test('what the server says it holds overrides earlier acknowledgements', async () => {
  const journal = new Journal();
  for (const number of [0, 1, 2]) journal.add('a', number, bytes(10));
  journal.acknowledge('a', [0, 1]);
  journal.reset('a', [0]);
  const [{ chunks }] = await journal.pending();
  assert.deepEqual(chunks.map((one) => one.number), [1, 2]);
});

test('a clip whose chunks are all held is pending until it is forgotten', async () => {
  const journal = new Journal();
  journal.add('a', 0, bytes(10));
  journal.close('a', { chunks: 1 });
  journal.acknowledge('a', [0]);
  assert.deepEqual(await journal.pending(), [{ clip: 'a', start: null, end: { chunks: 1 }, chunks: [] }]);
  journal.forget('a');
  assert.deepEqual(await journal.pending(), []);
  assert.equal(journal.size, 0);
});

test('a chunk is kept once', () => {
  const journal = new Journal();
  journal.add('a', 0, bytes(10));
  journal.add('a', 0, bytes(10));
  assert.equal(journal.size, 10);
});

test('a full journal gives up what the server holds before anything else', async () => {
  const journal = new Journal({ limit: 30 });
  for (const number of [0, 1, 2]) journal.add('a', number, bytes(10));
  journal.acknowledge('a', [1]);
  const gone = [];
  journal.addEventListener('gone', ({ detail }) => gone.push(detail));
  assert.equal(journal.add('a', 3, bytes(10)), true);
  assert.deepEqual(gone, []);
  assert.deepEqual((await journal.pending())[0].chunks.map((one) => one.number), [0, 2, 3]);
});

test('a full journal says which seconds of the oldest clip are gone', async () => {
  const journal = new Journal({ limit: 30 });
  for (const number of [0, 1, 2]) journal.add('old', number, bytes(10), 1000 + number * 120);
  journal.close('old');
  const gone = [];
  journal.addEventListener('gone', ({ detail }) => gone.push(detail));
  assert.equal(journal.add('new', 0, bytes(10), 5000), true);
  assert.deepEqual(gone, [{ clip: 'old', from: 1000, to: 1240 }]);
  assert.deepEqual((await journal.pending()).map((one) => one.clip), ['new']);
});

test('a chunk that does not fit beside an open clip is refused', () => {
  const journal = new Journal({ limit: 10 });
  journal.add('a', 0, bytes(10), 0);
  assert.equal(journal.add('a', 1, bytes(10), 120), false);
  assert.equal(journal.size, 10);
});

test('a clip of which nothing is left to give up stays until it is acknowledged', async () => {
  const journal = new Journal({ limit: 10 });
  journal.add('old', 0, bytes(10), 0);
  journal.close('old');
  journal.acknowledge('old', [0]);
  journal.add('new', 0, bytes(10), 120);
  assert.equal(journal.add('new', 1, bytes(10), 240), false);
  assert.deepEqual((await journal.pending()).map((one) => one.clip), ['old', 'new']);
});
