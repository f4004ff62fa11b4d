import assert from 'node:assert/strict';
import { test } from 'node:test';

import { MOST, LineWindow } from '../../../static/meet/js/captions/line_window.js';

const line = (at, id = `line ${at}`) => ({ id, at });
const full = () => {
  const stretch = new LineWindow();
  for (let at = 1; at <= MOST + 50; at += 1) stretch.put(line(at));
  return stretch;
};

test('lines stand by their time', () => {
  const stretch = new LineWindow();
  for (const at of [3, 1, 2]) stretch.put(line(at));
  assert.deepEqual(stretch.lines.map(({ at }) => at), [1, 2, 3]);
  assert.equal(stretch.get('line 2').at, 2);
});

test('a whole record holds every place', () => {
  const stretch = new LineWindow();
  assert.equal(stretch.holds(line(5)), true);
  stretch.put(line(5));
  assert.equal(stretch.holds(line(1)), true);
  assert.equal(stretch.holds(line(9)), true);
});

test('what lies beyond an end that is not the last one has no place here', () => {
  const stretch = new LineWindow();
  stretch.put(line(5));
  stretch.put(line(7));
  Object.assign(stretch, { older: true, newer: true });
  assert.equal(stretch.holds(line(4)), false);
  assert.equal(stretch.holds(line(6)), true);
  assert.equal(stretch.holds(line(8)), false);
});

test('who reads the newest loses the oldest', () => {
  const stretch = full();
  stretch.drop(stretch.surplus(stretch.lines.length));
  assert.equal(stretch.lines.length, MOST);
  assert.equal(stretch.lines[0].at, 51);
  assert.deepEqual([stretch.older, stretch.newer], [true, false]);
});

test('who reads far up loses the newest', () => {
  const stretch = full();
  stretch.drop(stretch.surplus(10));
  assert.equal(stretch.lines.length, MOST);
  assert.equal(stretch.lines.at(-1).at, MOST);
  assert.deepEqual([stretch.older, stretch.newer], [false, true]);
});

test('nothing goes while there is room', () => {
  const stretch = new LineWindow();
  stretch.put(line(1));
  assert.deepEqual(stretch.surplus(0), []);
});

test('a line that is taken out is forgotten', () => {
  const stretch = new LineWindow();
  stretch.put(line(1));
  assert.equal(stretch.remove('line 1'), 0);
  assert.equal(stretch.remove('line 1'), -1);
  assert.equal(stretch.get('line 1'), undefined);
});
