/**
 * Compares detectors of speech under the rules of our segmenter: the table of docs/vad.md.
 *
 *   npm install --prefix DIR --ignore-scripts @jitsi/rnnoise-wasm@0.2.1 @echogarden/fvad-wasm@0.2.0 @ricky0123/vad-web@0.0.31
 *   node bench/vad.mjs DIR/node_modules SPEECH [SENTENCES]
 *
 * SPEECH: a folder of 16 kHz WAV files and an RTTM file that says who speaks when in them.
 * SENTENCES: a folder of 16 kHz WAV files with `sentences.json`; the tests' own if not given.
 */

import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

import { FRAME, Segmenter } from '../static/meet/js/capture/segmenter.js';

const RATE = 16000;
const [packages, speech, sentences = path.join(import.meta.dirname, '../tests/fixtures/sentences')] = process.argv.slice(2);
if (!speech) throw new Error('node bench/vad.mjs PACKAGES SPEECH [SENTENCES]');

/** Each makes a function from 16 kHz samples to [samples a probability stands for, probabilities]. */
const detectors = [
  ['RNNoise, 0.35', rnnoise, 0.35],
  ['RNNoise, 0.5', rnnoise, 0.5],
  ['WebRTC VAD, mode 2', () => fvad(2), 1],
  ['WebRTC VAD, mode 3', () => fvad(3), 1],
  ['Silero legacy, 0.1', () => silero('legacy', 1536), 0.1],
  ['Silero legacy, 0.3', () => silero('legacy', 1536), 0.3],
  ['Silero v5, 0.3', () => silero('v5', 512), 0.3],
];

async function rnnoise() {
  const folder = path.join(packages, '@jitsi/rnnoise-wasm/dist');
  const source = readFileSync(path.join(folder, 'rnnoise.js'), 'utf8');     // a module, though its package says nothing
  const { default: create } = await import(`data:text/javascript,${encodeURIComponent(source)}`);
  const rn = await create({ wasmBinary: readFileSync(path.join(folder, 'rnnoise.wasm')) });
  const at = rn._malloc(480 * 4);
  return (audio) => {
    const state = rn._rnnoise_create(0);
    const found = pieces(audio, 160).map((piece) => {
      rn.HEAPF32.set(tripled(piece), at / 4);
      return rn._rnnoise_process_frame(state, at, at);
    });
    rn._rnnoise_destroy(state);
    return [160, found];
  };
}

/** 16 to 48 kHz, at the scale of 16-bit samples. */
function tripled(piece) {
  return Float32Array.from({ length: piece.length * 3 }, (_, i) => {
    const left = Math.floor(i / 3);
    const right = Math.min(left + 1, piece.length - 1);
    return 32768 * (piece[left] + ((piece[right] - piece[left]) * (i % 3)) / 3);
  });
}

async function fvad(mode) {
  const { default: create } = await import(path.resolve(packages, '@echogarden/fvad-wasm/fvad.js'));
  const vad = await create();
  const at = vad._malloc(480 * 2);
  return (audio) => {
    const state = vad._fvad_new();
    vad._fvad_set_mode(state, mode);
    vad._fvad_set_sample_rate(state, RATE);
    const found = pieces(audio, 480).map((piece) => {
      vad.HEAP16.set(piece.map((sample) => Math.max(-1, Math.min(1, sample)) * 32767), at / 2);
      return vad._fvad_process(state, at, 480);
    });
    vad._fvad_free(state);
    return [480, found];
  };
}

/** Fed as `@ricky0123/vad-web` feeds it. */
async function silero(model, size) {
  const ort = createRequire(path.resolve(packages, 'any.js'))('onnxruntime-web');
  ort.env.wasm.numThreads = 1;
  const file = path.join(packages, `@ricky0123/vad-web/dist/silero_vad_${model}.onnx`);
  const session = await ort.InferenceSession.create(readFileSync(file));
  const zeros = (...shape) => new ort.Tensor('float32', new Float32Array(shape[0] * shape[2]), shape);
  const sr = new ort.Tensor('int64', [BigInt(RATE)]);
  return async (audio) => {
    const found = [];
    let state = model === 'legacy' ? { h: zeros(2, 1, 64), c: zeros(2, 1, 64) } : { state: zeros(2, 1, 128) };
    for (const piece of pieces(audio, size)) {
      const out = await session.run({ input: new ort.Tensor('float32', piece, [1, size]), sr, ...state });
      state = model === 'legacy' ? { h: out.hn, c: out.cn } : { state: out.stateN };
      found.push(out.output.data[0]);
    }
    return [size, found];
  };
}

function pieces(audio, size) {
  return Array.from({ length: Math.floor(audio.length / size) }, (_, i) => audio.slice(i * size, (i + 1) * size));
}

/** 16 kHz mono WAV, 16-bit or float. */
function wav(file) {
  const bytes = readFileSync(file);
  const float = bytes.readUInt16LE(bytes.indexOf('fmt ') + 8) === 3;
  const start = bytes.indexOf('data') + 8;
  const length = bytes.readUInt32LE(start - 4) / (float ? 4 : 2);
  return Float32Array.from({ length }, (_, i) => (float ? bytes.readFloatLE(start + 4 * i) : bytes.readInt16LE(start + 2 * i) / 32768));
}

/** A minute of brown noise, as of a fan. */
function fan(dbfs) {
  let [seed, sum, power] = [7, 0, 0];
  const noise = Float32Array.from({ length: 60 * RATE }, () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    sum = 0.97 * sum + seed / 2 ** 32 - 0.5;
    power += sum * sum;
    return sum;
  });
  return noise.map((sample) => (sample * 10 ** (dbfs / 20)) / Math.sqrt(power / noise.length));
}

function level(samples) {
  return 10 * Math.log10(samples.reduce((power, sample) => power + sample * sample, 0) / samples.length + 1e-10);
}

/** What is kept, in ms. */
function clips(audio, [size, probabilities], threshold) {
  const segmenter = new Segmenter({ maxSeconds: 20, silenceSeconds: 1 });
  const cuts = pieces(audio, 160).flatMap((samples, i) => {
    const speech = (probabilities[Math.floor((i * 160) / size)] ?? 0) >= threshold;
    return segmenter.push({ at: i * FRAME, speech, level: level(samples) });
  });
  cuts.push(...segmenter.finish((audio.length / RATE) * 1000));
  const begins = cuts.filter((cut) => cut.type !== 'end').map((cut) => Math.max(0, cut.at));
  return cuts.filter((cut) => cut.type !== 'start').map((cut, i) => [begins[i], cut.at]);
}

/** A mark for every 10 ms that lies in one of the parts. */
function marked(parts, audio) {
  const marks = Array(Math.floor(audio.length / 160)).fill(false);
  for (const [from, to] of parts) marks.fill(true, Math.round(from / FRAME), Math.round(to / FRAME));
  return marks;
}

const count = (marks) => marks.filter(Boolean).length;

const rttm = readdirSync(speech).filter((name) => name.endsWith('.rttm'))
  .flatMap((name) => readFileSync(path.join(speech, name), 'utf8').trim().split('\n').map((line) => line.split(/\s+/)));
const meetings = [...new Set(rttm.map((row) => row[1]))].map((name) => ({
  audio: wav(path.join(speech, `${name}.wav`)),
  said: rttm.filter((row) => row[1] === name).map((row) => [1000 * row[3], 1000 * row[3] + 1000 * row[4]]),
}));
const spoken = JSON.parse(readFileSync(path.join(sentences, 'sentences.json'), 'utf8')).map((about) => {
  const audio = wav(path.join(sentences, about.file));
  const padded = new Float32Array(audio.length + 4 * RATE);
  padded.set(audio, 2 * RATE);
  return { audio: padded, from: 2000 + 1000 * about.speech[0], to: 2000 + 1000 * about.speech[1] };
});
const fans = [-50, -40, -30, -20].map(fan);

for (const [name, make, threshold] of detectors) {
  const before = performance.now();
  const detect = await make();
  const ready = performance.now() - before;
  const total = { said: 0, found: 0, kept: 0 };
  const started = process.cpuUsage();
  const heard = [];
  for (const { audio } of meetings) heard.push(await detect(audio));
  const { user, system } = process.cpuUsage(started);
  const seconds = meetings.reduce((sum, { audio }) => sum + audio.length / RATE, 0);
  meetings.forEach(({ audio, said }, i) => {
    const [reference, kept] = [marked(said, audio), marked(clips(audio, heard[i], threshold), audio)];
    total.said += count(reference);
    total.kept += count(kept);
    total.found += count(reference.map((mark, at) => mark && kept[at]));
  });
  let whole = 0;
  for (const { audio, from, to } of spoken) {
    const found = clips(audio, await detect(audio), threshold);
    if (found.length === 1 && found[0][0] <= from && found[0][1] >= to) whole += 1;
  }
  const noise = [];
  for (const audio of fans) noise.push(count(marked(clips(audio, await detect(audio), threshold), audio)) / 100);
  console.log(`${name}: ${((100 * total.found) / total.said).toFixed(1)} % of the speech in clips, `
    + `${(total.kept / total.said).toFixed(2)} times it kept; ${whole} of ${spoken.length} sentences whole in one clip; `
    + `fan at -50, -40, -30, -20 dBFS: ${noise.map((one) => one.toFixed(0)).join(', ')} s of 60 kept; `
    + `ready in ${ready.toFixed(0)} ms, ${((user + system) / 1000 / seconds).toFixed(1)} ms of CPU a second`);
}
