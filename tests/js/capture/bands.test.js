import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Bands } from '../../../static/meet/js/capture/bands.js';

const FRAME = 480;

/** The levels at the end of half a second of a tone of -20 dBFS. @param {number} hertz */
function tone(hertz) {
  const bands = new Bands();
  const amplitude = Math.SQRT2 * 10 ** (-20 / 20);
  let levels = [];
  for (let frame = 0; frame < 50; frame += 1) {
    const at = frame * FRAME;
    levels = bands.push(Float32Array.from({ length: FRAME }, (_, i) => amplitude * Math.sin((2 * Math.PI * hertz * (at + i)) / 48000)));
  }
  return levels;
}

for (const [hertz, band, other] of [[250, 0, 1], [2000, 1, 0]]) {
  test(`a tone of ${hertz} Hz is heard in its own band`, () => {
    const levels = tone(hertz);
    assert.ok(Math.abs(levels[band] + 20) < 1.5, `${levels}`);
    assert.ok(levels[other] < -29, `${levels}`);
  });
}

test('the hum of the mains hardly reaches the upper band', () => {
  for (const hertz of [50, 60, 100, 120]) assert.ok(tone(hertz)[1] < -44, `${hertz} Hz: ${tone(hertz)}`);
});

test('silence is -100 dBFS in every band', () => {
  assert.deepEqual(new Bands().push(new Float32Array(FRAME)).map(Math.round), [-100, -100]);
});
