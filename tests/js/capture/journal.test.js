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

test('one clip can be asked for among many', async () => {
  const journal = new Journal();
  for (const clip of ['a', 'b']) journal.add(clip, 0, bytes(10));
  assert.deepEqual((await journal.pending('b')).map((one) => one.clip), ['b']);
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

/** The browser's disk, which is beyond this machine's Node: it holds what an earlier page left. */
const shelf = (left, noted = []) => ({
  adopt: async (take) => { await null; take(left); },
  keep: (clip, _start, end) => noted.push(`keep ${clip}${end ? ' ended' : ''}`),
  add: ({ clip, number }) => noted.push(`add ${clip}${number}`),
  remove: (clip) => noted.push(`remove ${clip}`),
});
const restored = (journal) => new Promise((done) => { journal.addEventListener('restored', done); });
const left = (clip, numbers, end = null) => ({
  clip, start: { started_at: 1000, keep_from: 0 }, end, chunks: numbers.map((number) => ({ clip, number, data: bytes(10), at: 1000 + number })),
});

test('what an earlier page left comes before what is said now', async () => {
  const journal = new Journal({ shelf: shelf([left('old', [0, 1], { chunks: 2 })]) });
  journal.open('new', { started_at: 5000, keep_from: 0 });
  await restored(journal);
  const [old, now] = await journal.pending();
  assert.deepEqual([old.clip, old.end, old.chunks.length, now.clip], ['old', { chunks: 2 }, 2, 'new']);
  assert.equal(journal.size, 20);
});

test('a clip that nobody ended is over where its chunks end', async () => {
  const journal = new Journal({ shelf: shelf([left('a', [0, 1, 3])]) });
  await restored(journal);
  const [{ end }] = await journal.pending();
  assert.deepEqual(end, { clip: 'a', chunks: 2, keep_to: null, reason: 'leave' });
});

test('a clip of which the disk lost some is over before the hole: nobody waits for what nobody has', async () => {
  const end = (clip) => ({ clip, chunks: 4, keep_to: 400, reason: 'silence' });
  const journal = new Journal({ shelf: shelf([left('a', [0, 2, 3], end('a')), left('b', [0, 1, 2], end('b'))]) });
  await restored(journal);
  const pending = await journal.pending();
  assert.deepEqual(pending.map((one) => [one.end.chunks, one.end.keep_to, one.chunks.length]), [[1, 400, 3], [3, 400, 3]]);
});

test('everything is on the shelf at once, and goes with the clip', () => {
  const noted = [];
  const journal = new Journal({ shelf: shelf([], noted) });
  journal.open('a', { started_at: 0, keep_from: 0 });
  journal.add('a', 0, bytes(10));
  journal.add('a', 0, bytes(10));
  journal.close('a', { chunks: 1 });
  journal.forget('a');
  assert.deepEqual(noted, ['keep a', 'add a0', 'keep a ended', 'remove a']);
});

test('what the server lacks is reckoned in the time it took to say', () => {
  const journal = new Journal();
  journal.open('a', { started_at: 1000, keep_from: 200 });
  for (const number of [0, 1, 2, 3]) journal.add('a', number, bytes(10), 2200 + number * 1000);
  assert.equal(journal.waiting, 4000);
  journal.acknowledge('a', [0, 1, 2]);
  assert.equal(journal.waiting, 1000);
  journal.acknowledge('a', [3]);
  assert.equal(journal.waiting, 0);
});
