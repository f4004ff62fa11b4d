import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { Feed } from '../../static/meet/js/feed.js';

/** @type {Feed} */
let feed;
const snapshot = (meeting, seq) => feed.see({ type: 'snapshot', meeting, seq, captions: [], messages: [], more: false });
const caption = (seq) => feed.see({ type: 'caption', seq });
const tick = (meeting, seq) => feed.see({ type: 'tick', meeting, seq });

beforeEach(() => { feed = new Feed(); });

test('events in order leave nothing behind', () => {
  snapshot(1, 4);
  caption(5);
  caption(6);
  assert.equal(feed.behind, false);
});

test('a jump says that something was missed', () => {
  snapshot(1, 4);
  caption(6);
  assert.equal(feed.behind, true);
});

test('what was only late closes the jump by itself', () => {
  snapshot(1, 4);
  caption(6);
  caption(5);
  assert.equal(feed.behind, false);
});

test('a partial has no number and changes nothing', () => {
  snapshot(1, 4);
  feed.see({ type: 'caption', state: 'partial' });
  assert.equal(feed.behind, false);
});

test('a tick with a newer number says that something was missed', () => {
  snapshot(1, 4);
  tick(1, 5);
  assert.equal(feed.behind, true);
});

test('a tick of another meeting says that its beginning was missed', () => {
  snapshot(1, 4);
  tick(2, 1);
  assert.equal(feed.behind, true);
  snapshot(2, 1);
  assert.equal(feed.behind, false);
});

test('the first event of a first meeting is no jump', () => {
  snapshot(null, 0);
  caption(1);
  tick(7, 1);
  assert.equal(feed.behind, false);
});

test('what came before the snapshot that does not hold it yet still counts', () => {
  snapshot(1, 4);
  caption(7);
  snapshot(1, 6);
  assert.equal(feed.behind, false);
});

test('where no meeting is open nothing is missing', () => {
  snapshot(1, 4);
  caption(9);
  snapshot(null, 0);
  assert.equal(feed.behind, false);
});

test('after the end its late lines are no new meeting', () => {
  snapshot(1, 4);
  feed.see({ type: 'meeting_ended' });
  caption(5);
  assert.equal(feed.behind, false);
  assert.equal(feed.ended, true);
});

test('numbers that begin again after the end say that another meeting has begun', () => {
  snapshot(1, 4);
  feed.see({ type: 'meeting_ended' });
  caption(1);
  assert.equal(feed.behind, true);
  snapshot(2, 1);
  assert.equal(feed.behind, false);
  assert.equal(feed.ended, false);
});

test('an ended meeting stays the one that is shown', () => {
  snapshot(1, 4);
  feed.see({ type: 'meeting_ended' });
  snapshot(null, 0);
  assert.equal(feed.meeting, 1);
  assert.equal(feed.behind, false);
});

test('only a snapshot of another meeting replaces what is shown', () => {
  const see = (meeting) => feed.see({ type: 'snapshot', meeting, seq: 1, captions: [], messages: [], more: false });
  assert.equal(see(1), false);
  assert.equal(see(1), false);
  assert.equal(see(2), true);
});

test('a meeting whose number was never heard is replaced after its end all the same', () => {
  caption(1);
  feed.see({ type: 'meeting_ended' });
  assert.equal(feed.see({ type: 'snapshot', meeting: 2, seq: 1, captions: [], messages: [], more: false }), true);
});
