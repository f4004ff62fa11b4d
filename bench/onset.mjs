/**
 * How many speech frames should open a clip: short remarks found against false starts an hour. The curve of docs/vad.md.
 *
 *   node bench/onset.mjs REMARKS [NOISES]
 *
 * REMARKS: a folder of 16 kHz WAV files, a short remark each, cut close. NOISES: one of recordings without speech; keys,
 * a mouse, breath, a door and knocks are made here in any case, with seeds. Detector and segmenter are the page's own.
 */

import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

import { Detector } from '../static/meet/js/capture/detector.js';
import { SILENCE } from '../static/meet/js/capture/microphone_verdict.js';
import { FRAME, Segmenter } from '../static/meet/js/capture/segmenter.js';
import { Vad } from '../static/meet/js/capture/vad.js';

const RATE = 48000;
const SAMPLES = RATE / 100;
const MINUTES = 5;            // of each noise that is made
const ONSETS = [11, 9, 8, 7, 6, 5, 4, 3];
const [remarks, noises] = process.argv.slice(2);
if (!remarks) throw new Error('node bench/onset.mjs REMARKS [NOISES]');

const folder = path.join(import.meta.dirname, '../node_modules/@jitsi/rnnoise-wasm/dist');
const source = readFileSync(path.join(folder, 'rnnoise.js'), 'utf8');      // a module, though its package says nothing
const { default: create } = await import(`data:text/javascript,${encodeURIComponent(source)}`);
const rnnoise = await create({ wasmBinary: readFileSync(path.join(folder, 'rnnoise.wasm')) });

/** Numbers from -0.5 to 0.5, the same for the same seed. */
function dice(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32 - 0.5;
  };
}

/** 16 kHz mono WAV, 16-bit or float, at 48 kHz. */
function wav(file) {
  const bytes = readFileSync(file);
  const float = bytes.readUInt16LE(bytes.indexOf('fmt ') + 8) === 3;
  const start = bytes.indexOf('data') + 8;
  const length = bytes.readUInt32LE(start - 4) / (float ? 4 : 2);
  const at = (i) => (float ? bytes.readFloatLE(start + 4 * i) : bytes.readInt16LE(start + 2 * i) / 32768);
  return Float32Array.from({ length: length * 3 }, (_, i) => {
    const left = Math.floor(i / 3);
    return at(left) + ((at(Math.min(left + 1, length - 1)) - at(left)) * (i % 3)) / 3;
  });
}

const wavs = (where) => readdirSync(where).filter((name) => name.endsWith('.wav')).map((name) => wav(path.join(where, name)));
const gain = (audio, db) => audio.map((sample) => sample * 10 ** (db / 20));
const loudness = (audio) => 10 * Math.log10(audio.reduce((power, sample) => power + sample * sample, 0) / audio.length + 1e-10);
const peak = (audio) => 20 * Math.log10(audio.reduce((most, sample) => Math.max(most, Math.abs(sample)), 1e-5));

/** A room: noise of one pole, 6 dB less an octave above 400 Hz. */
function room(seconds, dbfs) {
  const roll = dice(21);
  let last = 0;
  const audio = Float32Array.from({ length: seconds * RATE }, () => { last += 0.05 * (roll() - last); return last; });
  return gain(audio, dbfs - loudness(audio));
}

/** A frame's verdict and level, for every frame. */
function heard(audio) {
  const detector = new Detector(new Vad(rnnoise));
  const frames = [];
  for (let at = 0; at + SAMPLES <= audio.length; at += SAMPLES) {
    const samples = audio.subarray(at, at + SAMPLES);
    const level = loudness(samples);
    frames.push({ at: frames.length * FRAME, speech: detector.hears(samples) && level > SILENCE, level });
  }
  detector.free();
  return frames;
}

/** How many clips open. */
function starts(frames, onset) {
  const segmenter = new Segmenter({ maxSeconds: 20, silenceSeconds: 1, onset });
  return frames.flatMap((frame) => segmenter.push(frame)).filter(({ type }) => type === 'start').length;
}

let air = 0;                  // breath is noise of one pole, 6 dB less an octave above 1.7 kHz
/** Each makes one sound out of a roll of dice; `t` in seconds. */
const SOUNDS = {
  keys: [0.2, 0.1, (t, roll) => 2 * roll * Math.exp(-300 * t) + 0.6 * Math.sin(1500 * t) * Math.exp(-60 * t) + (t > 0.07 ? 2 * roll * Math.exp(-400 * (t - 0.07)) : 0)],
  mouse: [1.3, 0.12, (t, roll) => 2 * roll * Math.exp(-900 * t) + (t > 0.08 ? roll * Math.exp(-900 * (t - 0.08)) : 0)],
  breath: [2.5, 1, (t, roll) => { air += 0.2 * (roll - air); return air * Math.sin(Math.PI * t) ** 1.5; }],
  door: [5, 0.6, (t, roll) => roll * Math.exp(-12 * t) + Math.sin(600 * t) * Math.exp(-10 * t)],
  knocks: [4, 0.7, (t, roll) => (Math.sin(1500 * (t % 0.22)) + 0.6 * Math.sin(3500 * (t % 0.22)) + roll) * Math.exp(-45 * (t % 0.22))],
};

/** Minutes of one of them in a quiet room. */
function made([mean, length, sound], dbfs) {
  const roll = dice(31);
  const audio = new Float32Array(MINUTES * 60 * RATE);
  for (let at = RATE; at < audio.length - 2 * RATE; at += Math.round(mean * (1 + 1.4 * roll()) * RATE)) {
    for (let i = 0; i < length * RATE; i += 1) audio[at + i] += sound(i / RATE, roll());
  }
  const quiet = room(MINUTES * 60, -65);
  return gain(audio, dbfs - peak(audio)).map((sample, i) => sample + quiet[i]);
}

const said = wavs(remarks);
const cases = [[-25, -100], [-40, -70], [-52, -70], [-40, -60]].map(([dbfs, around]) => [
  `${dbfs} dBFS${around > -100 ? ` in a room at ${around}` : ''}`,
  said.map((audio) => {
    const both = room(3.5, around);
    gain(audio, dbfs - loudness(audio)).forEach((sample, i) => { if (1.5 * RATE + i < both.length) both[1.5 * RATE + i] += sample; });
    return heard(both);
  }),
]);
const mistakes = Object.entries(SOUNDS).flatMap(([name, sound]) => [-10, -25].map((dbfs) => [`${name} at ${dbfs}`, [heard(made(sound, dbfs))]]));
if (noises) mistakes.push(['recorded', wavs(noises).map(heard)]);

for (const onset of ONSETS) {
  const found = cases.map(([name, all]) => `${name}: ${all.filter((frames) => starts(frames, onset)).length} of ${all.length}`);
  const hourly = mistakes.map(([name, all]) => {
    const hours = all.reduce((sum, frames) => sum + frames.length, 0) / 360_000;
    return `${name} ${Math.round(all.reduce((sum, frames) => sum + starts(frames, onset), 0) / hours)}`;
  });
  console.log(`${onset} of 15: remarks ${found.join(', ')}; false starts an hour: ${hourly.join(', ')}`);
}
