import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Resampler } from '../../../static/meet/js/capture/resampler.js';

/** A second of a tone in pieces of 128 samples, as a worklet gets it. */
function resampled(from, to, frequency = 440) {
  const resampler = new Resampler(from, to);
  const output = [];
  for (let start = 0; start + 128 <= from; start += 128) {
    const piece = Float32Array.from({ length: 128 }, (_, i) => Math.sin((2 * Math.PI * frequency * (start + i)) / from));
    output.push(...resampler.push(piece));
  }
  return output;
}

for (const rate of [16000, 22050, 44100, 48000, 96000]) {
  test(`a tone at ${rate} Hz is the same tone at 48 kHz`, () => {
    const output = resampled(rate, 48000);
    assert.ok(Math.abs(output.length - 48000) < 48000 * 0.01);
    output.forEach((sample, i) => {
      assert.ok(Math.abs(sample - Math.sin((2 * Math.PI * 440 * i) / 48000)) < 0.005, `sample ${i} of ${rate} Hz`);
    });
  });
}
