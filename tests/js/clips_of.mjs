/**
 * The clips that the page would cut out of recordings, by its own detector and segmenter, without a browser.
 *
 * Standard input: JSON, a list of {file, db}: raw float32 samples, mono, 48 kHz, and by how much they are raised (dB).
 * Standard output: JSON, for each recording a list of [start, end] in ms.
 */

import { readFileSync } from 'node:fs';

import { Detector } from '../../static/meet/js/capture/detector.js';
import { SILENCE } from '../../static/meet/js/capture/microphone_verdict.js';
import { FRAME, Segmenter } from '../../static/meet/js/capture/segmenter.js';
import { Vad } from '../../static/meet/js/capture/vad.js';

const SAMPLES = 480;
const folder = new URL('../../node_modules/@jitsi/rnnoise-wasm/dist/', import.meta.url);
const source = readFileSync(new URL('rnnoise.js', folder), 'utf8');        // a module, though its package says nothing
const { default: create } = await import(`data:text/javascript,${encodeURIComponent(source)}`);
const rnnoise = await create({ wasmBinary: readFileSync(new URL('rnnoise.wasm', folder)) });

/** @param {Float32Array} audio */
function clipsOf(audio) {
  const detector = new Detector(new Vad(rnnoise));
  const segmenter = new Segmenter({ maxSeconds: 20, silenceSeconds: 1 });
  const cuts = [];
  const frames = Math.floor(audio.length / SAMPLES);
  for (let i = 0; i < frames; i += 1) {
    const samples = audio.subarray(i * SAMPLES, (i + 1) * SAMPLES);
    const level = 10 * Math.log10(samples.reduce((power, one) => power + one * one, 0) / SAMPLES + 1e-10);
    const speech = detector.hears(samples) && level > SILENCE;             // as session.js has it
    cuts.push(...segmenter.push({ at: i * FRAME, speech, level }));
  }
  cuts.push(...segmenter.finish(frames * FRAME));
  detector.free();
  const begins = cuts.filter(({ type }) => type !== 'end').map(({ at }) => Math.max(0, at));
  return cuts.filter(({ type }) => type !== 'start').map(({ at }, i) => [begins[i], at]);
}

const recordings = JSON.parse(readFileSync(0, 'utf8')).map(({ file, db }) => {
  const bytes = readFileSync(file);
  const audio = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  return audio.map((sample) => Math.max(-1, Math.min(1, sample * 10 ** (db / 20))));
});
process.stdout.write(JSON.stringify(recordings.map(clipsOf)));
