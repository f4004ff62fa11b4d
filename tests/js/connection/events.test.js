import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

import * as events from '../../../static/meet/js/connection/events.js';

const fixture = JSON.parse(await readFile(new URL('../../fixtures/events.json', import.meta.url), 'utf8'));

test('the browser knows every event of the fixture and no other', () => {
  assert.deepEqual([...events.CLIENT_TYPES].sort(), Object.keys(fixture.client).sort());
  assert.deepEqual([...events.SERVER_TYPES].sort(), Object.keys(fixture.server).sort());
});

test('what the browser says has the fixture\'s shape', () => {
  const { clip_start, clip_end, message, snapshot, seen, end_meeting, ping } = fixture.client;
  assert.deepEqual(events.clipStart(clip_start), clip_start);
  assert.deepEqual(events.clipEnd(clip_end), clip_end);
  assert.deepEqual(events.message(message.id, message.text), message);
  assert.deepEqual(events.snapshot(), snapshot);
  assert.deepEqual(events.seen(seen.seq), seen);
  assert.deepEqual(events.endMeeting(), end_meeting);
  assert.deepEqual(events.ping(ping.sent_at), ping);
  assert.deepEqual(events.setRoom(fixture.client.set_room), fixture.client.set_room);
  assert.deepEqual(events.rename(fixture.client.rename.name), fixture.client.rename);
  assert.deepEqual(events.leave(), fixture.client.leave);
});

test('every event of the server is read as it was said', () => {
  for (const event of Object.values(fixture.server)) assert.deepEqual(events.read(JSON.stringify(event)), event);
});

test('an event of a later version is passed over', () => {
  assert.equal(events.read('{"type": "applause"}'), null);
});

test('a frame is version, clip, number and then the chunk', () => {
  const frame = events.frame('0d4f7d0e-5d0c-4b8e-9f3a-0a1b2c3d4e5f', 258, Uint8Array.of(7, 8));
  assert.equal(Buffer.from(frame).toString('hex'), '010d4f7d0e5d0c4b8e9f3a0a1b2c3d4e5f000001020708');
});

test('ranges hold both of their ends', () => {
  assert.deepEqual(events.numbers([[0, 2], [5, 5]]), [0, 1, 2, 5]);
  assert.deepEqual(events.numbers([]), []);
});
