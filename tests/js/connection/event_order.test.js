import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { EventOrder } from '../../../static/meet/js/connection/event_order.js';

/** @type {EventOrder} */
let feed;
const snapshot = (meeting, seq) => feed.see({ type: 'snapshot', meeting, seq, captions: [], messages: [], more: false });
const caption = (seq, meeting = 1) => feed.see({ type: 'caption', meeting, seq });
const tick = (meeting, seq) => feed.see({ type: 'tick', meeting, seq });
const end = (meeting) => feed.see({ type: 'meeting_ended', meeting });

beforeEach(() => { feed = new EventOrder(); });

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
  assert.equal(feed.see({ type: 'caption', meeting: 1, state: 'partial' }), 'ours');
  assert.equal(feed.behind, false);
});

test('a tick with a newer number says that something was missed', () => {
  snapshot(1, 4);
  tick(1, 5);
  assert.equal(feed.behind, true);
});

test('a tick of a newer meeting takes its place and says that its beginning was missed', () => {
  snapshot(1, 4);
  assert.equal(tick(2, 1), 'another');
  assert.equal(feed.behind, true);
  assert.equal(snapshot(2, 1), 'ours');
  assert.equal(feed.behind, false);
});

test('the first event of a first meeting is no jump', () => {
  snapshot(null, 0);
  assert.equal(caption(1, 7), 'ours');
  tick(7, 1);
  assert.equal(feed.behind, false);
});

test('what came before the snapshot that does not hold it yet still counts', () => {
  snapshot(1, 4);
  caption(7);
  snapshot(1, 6);
  assert.equal(feed.behind, false);
});

test('a snapshot that is older than what was seen since takes nothing back', () => {
  snapshot(1, 4);
  caption(5);
  snapshot(1, 4);
  caption(6);
  assert.equal(feed.behind, false);
});

test('the late lines of a meeting that was followed by another are not shown, and nothing is missed by that', () => {
  snapshot(2, 3);
  for (const seq of [40, 41, 99]) assert.equal(caption(seq, 1), 'foreign');
  assert.equal(tick(1, 120), 'foreign');
  assert.equal(snapshot(1, 120), 'foreign');
  assert.equal(feed.behind, false);
  assert.equal(feed.meeting, 2);
});

test('an ended meeting\'s late lines are shown as long as no other has begun', () => {
  snapshot(1, 4);
  end(1);
  assert.equal(caption(5), 'ours');
  assert.equal(feed.behind, false);
  assert.equal(feed.ended, true);
});

test('the first event of the next meeting begins anew', () => {
  snapshot(1, 4);
  end(1);
  assert.equal(caption(1, 2), 'another');
  assert.equal(feed.meeting, 2);
  assert.equal(feed.ended, false);
  assert.equal(feed.behind, false);
  assert.equal(caption(5), 'foreign');
});

test('a next meeting heard of in its middle is asked for', () => {
  snapshot(1, 4);
  end(1);
  caption(3, 2);
  assert.equal(feed.behind, true);
});

test('the end of an earlier meeting does not end this one', () => {
  snapshot(2, 4);
  assert.equal(end(1), 'foreign');
  assert.equal(feed.ended, false);
});

test('an end that says no meeting ends the one that is shown', () => {
  snapshot(1, 4);
  end(undefined);
  assert.equal(feed.ended, true);
});

test('an ended meeting stays the one that is shown', () => {
  snapshot(1, 4);
  end(1);
  assert.equal(snapshot(null, 0), 'ours');
  assert.equal(feed.meeting, 1);
  assert.equal(feed.behind, false);
});

test('where no meeting is open the end of the shown one was missed, and nothing is asked for again', () => {
  snapshot(1, 4);
  caption(9);
  assert.equal(snapshot(null, 0), 'ours');
  assert.equal(feed.ended, true);
  assert.equal(feed.behind, false);
  caption(10);
  assert.equal(feed.behind, false);
});

test('a meeting that was over before anything of it was seen is asked for once', () => {
  snapshot(null, 0);
  caption(57);
  assert.equal(feed.behind, true);
  assert.equal(snapshot(null, 0), 'another');
  assert.equal(feed.behind, false);
  assert.equal(feed.ended, false);
  assert.equal(caption(58), 'foreign');
  assert.equal(feed.behind, false);
});

test('a tick of a meeting that was thought over has the server asked, and its snapshot decides', () => {
  snapshot(1, 4);
  snapshot(null, 0);
  assert.equal(feed.ended, true);
  tick(1, 4);
  assert.equal(feed.behind, true);
  snapshot(1, 4);
  assert.equal(feed.ended, false);
  assert.equal(feed.behind, false);
});

test('a snapshot that was on its way at the end does not open the meeting again', () => {
  snapshot(1, 4);
  end(1);
  snapshot(1, 4);
  assert.equal(feed.ended, true);
});

test('the server is told every sixteen events how far the page got, whichever meeting they are of', () => {
  snapshot(2, 40);
  for (let seq = 41; seq < 51; seq += 1) caption(seq, 2);
  for (let seq = 1; seq < 6; seq += 1) caption(seq, 1);
  assert.equal(feed.report(), null);
  tick(2, 50);
  assert.equal(feed.report(), null);
  caption(51, 2);
  assert.equal(feed.report(), 51);
  assert.equal(feed.report(), null);
});

test('what happens to a line of a meeting long over begins no meeting in the page, and ends none', () => {
  assert.equal(feed.see({ type: 'withdrawn', meeting: 1, seq: 9 }), 'foreign');
  assert.equal(feed.meeting, null);
  snapshot(2, 4);
  for (const type of ['withdrawn', 'folded', 'unsaid']) assert.equal(feed.see({ type, meeting: 1, seq: 9 }), 'foreign');
  assert.equal(feed.meeting, 2);
  assert.equal(feed.behind, false);
});

test('a line withdrawn after the end of the meeting that is still shown is taken in', () => {
  snapshot(1, 4);
  end(1);
  assert.equal(feed.see({ type: 'withdrawn', meeting: 1, seq: 5 }), 'ours');
});
