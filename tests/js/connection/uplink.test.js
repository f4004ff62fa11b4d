import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { Journal } from '../../../static/meet/js/capture/journal.js';
import { IN_FLIGHT_BYTES, MESSAGE_BYTES } from '../../../static/meet/js/connection/events.js';
import { Uplink } from '../../../static/meet/js/connection/uplink.js';

const A = 'aaaaaaaa-0000-4000-8000-000000000000';
const B = 'bbbbbbbb-0000-4000-8000-000000000000';
const bytes = (count = 100) => new Uint8Array(count);
const startOf = (clip, number = 0) =>
  ({ clip, number, started_at: 1000, keep_from: 0, mime: 'audio/webm', language: '' });
const endOf = (clip, chunks) => ({ clip, chunks, keep_to: 500, reason: 'silence' });

/** What went out, in words: `start a`, `a0`, `end a 3`. */
let sent;
let now;
/** @type {Uplink} */
let uplink;

const line = () => (what) => {
  if (what instanceof Uint8Array) {
    const clip = what[1] === 0xaa ? 'a' : 'b';
    sent.push(`${clip}${new DataView(what.buffer).getUint32(17)}`);
  } else {
    sent.push(`${what.type.replace('clip_', '')} ${what.clip[0]}${what.type === 'clip_end' ? ` ${what.chunks}` : ''}`);
  }
  return true;
};
const held = (clip, ranges) => uplink.hear({ type: 'held', clip, ranges });
const acknowledged = (clip, numbers) => uplink.hear({ type: 'chunk_ack', clip, numbers });

beforeEach(() => {
  sent = [];
  now = 0;
  uplink = new Uplink(new Journal(), () => now);
});

test('a clip goes out as it is spoken', async () => {
  await uplink.connected(line());
  uplink.start(startOf(A));
  uplink.chunk(A, 0, bytes());
  uplink.chunk(A, 1, bytes());
  uplink.end(endOf(A, 2));
  assert.deepEqual(sent, ['start a', 'a0', 'a1', 'end a 2']);
});

test('what is said while the line is away goes out when it is back', async () => {
  uplink.start(startOf(A));
  uplink.chunk(A, 0, bytes());
  uplink.end(endOf(A, 1));
  await uplink.connected(line());
  assert.deepEqual(sent, ['start a']);
  await held(A, []);
  assert.deepEqual(sent, ['start a', 'a0', 'end a 1']);
});

test('after a reconnect only what the server lacks is sent again', async () => {
  await uplink.connected(line());
  uplink.start(startOf(A));
  for (const number of [0, 1, 2, 3]) uplink.chunk(A, number, bytes());
  await acknowledged(A, [0, 1, 2]);
  sent = [];
  await uplink.connected(line());
  await held(A, [[0, 1]]);
  assert.deepEqual(sent, ['start a', 'a2', 'a3']);
});

test('what is recorded while the server is asked is sent once', async () => {
  uplink.start(startOf(A));
  uplink.chunk(A, 0, bytes());
  await uplink.connected(line());
  const answer = held(A, []);
  uplink.chunk(A, 1, bytes());
  await answer;
  assert.deepEqual(sent, ['start a', 'a0', 'a1']);
});

test('the first answer about a new clip does not send anything twice', async () => {
  await uplink.connected(line());
  uplink.start(startOf(A));
  uplink.chunk(A, 0, bytes());
  await held(A, []);
  assert.deepEqual(sent, ['start a', 'a0']);
});

test('after hours without a line clips are opened a hundred at a time, what is being recorded first', async () => {
  const id = (number) => `${String(number).padStart(8, '0')}-0000-4000-8000-000000000000`;
  for (let number = 0; number < 250; number += 1) {
    uplink.start(startOf(id(number), number));
    uplink.end(endOf(id(number), 0));
  }
  uplink.start(startOf(A, 250));
  await uplink.connected(line());
  assert.equal(sent.length, 100);
  assert.equal(sent[0], 'start a');
  for (let number = 0; number < 30; number += 1) await uplink.hear({ type: 'clip_ack', clip: id(number) });
  assert.equal(sent.length, 130);
});

test('a clip that the server does not take yet is opened again, with all that was recorded', async () => {
  await uplink.connected(line());
  uplink.start(startOf(A));
  uplink.chunk(A, 0, bytes());
  uplink.postponed(A);
  assert.equal(uplink.sends(A), false);
  uplink.chunk(A, 1, bytes());
  assert.deepEqual(sent, ['start a', 'a0']);
  uplink.resume();
  await held(A, []);
  assert.deepEqual(sent, ['start a', 'a0', 'start a', 'a0', 'a1']);
});

test('live goes before replay', async () => {
  uplink.start(startOf(A));
  for (let number = 0; number < 5; number += 1) uplink.chunk(A, number, bytes(60_000));
  uplink.end(endOf(A, 5));
  await uplink.connected(line());
  await held(A, []);
  uplink.start(startOf(B, 1));
  uplink.chunk(B, 0, bytes(60_000));
  assert.deepEqual(sent, ['start a', 'a0', 'a1', 'a2', 'a3', 'start b']);
  await acknowledged(A, [0]);
  assert.equal(sent.at(-1), 'b0');
  await acknowledged(A, [1]);
  assert.deepEqual(sent.slice(-2), ['a4', 'end a 5']);
});

test('never more is in flight than the server allows', async () => {
  await uplink.connected(line());
  uplink.start(startOf(A));
  for (let number = 0; number < 300; number += 1) uplink.chunk(A, number, bytes(1024));
  const chunks = sent.filter((one) => one.startsWith('a'));
  assert.equal(chunks.length, Math.floor(IN_FLIGHT_BYTES / (1024 + 21)));
});

test('a chunk over the limit ends the clip before it, and that is told', async () => {
  const lost = [];
  uplink.addEventListener('lost', (event) => lost.push(event.detail.code));
  await uplink.connected(line());
  uplink.start(startOf(A));
  uplink.chunk(A, 0, bytes());
  uplink.chunk(A, 1, bytes(MESSAGE_BYTES));
  uplink.chunk(A, 2, bytes());
  uplink.end(endOf(A, 3));
  assert.deepEqual(sent, ['start a', 'a0', 'end a 1']);
  assert.deepEqual(lost, ['too-large']);
});

test('it is sending until the server has the whole clip', async () => {
  await uplink.connected(line());
  uplink.start(startOf(A));
  uplink.chunk(A, 0, bytes());
  assert.equal(uplink.sending, false);
  uplink.end(endOf(A, 1));
  assert.equal(uplink.sending, true);
  await uplink.hear({ type: 'clip_ack', clip: A });
  assert.equal(uplink.sending, false);
});

test('a clip that is refused is forgotten, and its person told', async () => {
  const lost = [];
  uplink.addEventListener('lost', (event) => lost.push(event.detail));
  await uplink.connected(line());
  uplink.start(startOf(A));
  uplink.chunk(A, 0, bytes());
  await uplink.hear({ type: 'clip_refused', clip: A, code: 'too_old', message: 'Too old.' });
  assert.deepEqual(lost, [{ code: 'too_old', from: 1000, to: 1000, message: 'Too old.' }]);
  sent = [];
  await uplink.connected(line());
  assert.deepEqual(sent, []);
});

test('what is still on its way when its clip is refused belongs to no clip it knows', async () => {
  await uplink.connected(line());
  uplink.start(startOf(A));
  assert.equal(uplink.sends(A), true);
  await uplink.hear({ type: 'clip_refused', clip: A, code: 'too_old', message: '' });
  assert.equal(uplink.sends(A), false);
});

test('what cannot be kept is not queued either: its clip ends there, and all that is lost of it is told', async () => {
  const lost = [];
  uplink = new Uplink(new Journal({ limit: 200 }), () => now);
  uplink.addEventListener('lost', (event) => lost.push(event.detail));
  uplink.start(startOf(A));
  [0, 1, 2, 3].forEach((number) => uplink.chunk(A, number, bytes(), 1000 + number * 120));
  uplink.end(endOf(A, 4));
  assert.deepEqual(lost, [
    { code: 'full', from: 1120, to: 1240, message: '' },
    { code: 'full', from: 1240, to: 1360, message: '' },
  ]);
  await uplink.connected(line());
  await held(A, []);
  assert.deepEqual(sent, ['start a', 'a0', 'a1', 'end a 2']);
});

test('a clip that had to be given up is told, and nobody waits for it any more', async () => {
  const lost = [];
  uplink = new Uplink(new Journal({ limit: 200 }), () => now);
  uplink.addEventListener('lost', (event) => lost.push(event.detail));
  uplink.start(startOf(A));
  [0, 1].forEach((number) => uplink.chunk(A, number, bytes(), 1000 + number * 120));
  uplink.end(endOf(A, 2));
  uplink.start(startOf(B, 1));
  uplink.chunk(B, 0, bytes(), 5000);
  assert.deepEqual(lost, [{ code: 'full', from: 1000, to: 1120, message: '' }]);
  assert.equal(uplink.sending, false);
  await uplink.connected(line());
  await held(B, []);
  assert.deepEqual(sent, ['start b', 'b0']);
});

test('leaving loses nothing while the line keeps up', async () => {
  await uplink.connected(line());
  uplink.start(startOf(A));
  uplink.chunk(A, 0, bytes());
  assert.equal(uplink.unsent, false);
  now = 2000;
  assert.equal(uplink.unsent, true);
  await acknowledged(A, [0]);
  assert.equal(uplink.unsent, false);
});

test('leaving would lose what was said while the line was away', () => {
  uplink.start(startOf(A));
  uplink.chunk(A, 0, bytes());
  assert.equal(uplink.unsent, true);
});

test('of a clip that is withdrawn nothing more goes out, now or after a reconnect, and nobody is told of a loss', async () => {
  const lost = [];
  uplink.addEventListener('lost', (event) => lost.push(event.detail));
  await uplink.connected(line());
  uplink.start(startOf(A));
  uplink.withdrawn(A);
  sent = [];
  uplink.chunk(A, 0, bytes());
  uplink.end(endOf(A, 1));
  await uplink.hear({ type: 'clip_refused', clip: A, code: 'withdrawn', message: 'It was withdrawn.' });
  await uplink.connected(line());
  assert.deepEqual([sent, lost], [[], []]);
});
