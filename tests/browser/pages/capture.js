/** A page with nothing but the capture: it keeps what comes out for the test to read. */

import { Capture } from '../../../static/meet/js/capture/capture.js';
import { microphones } from '../../../static/meet/js/capture/microphone.js';

const wishes = new URLSearchParams(location.search);
const capture = new Capture({
  workletUrl: '/static/meet/js/capture/worklet.js',
  vadUrl: '/node_modules/@jitsi/rnnoise-wasm/dist/rnnoise.js',
  vadWasmUrl: '/node_modules/@jitsi/rnnoise-wasm/dist/rnnoise.wasm',
  clipMaxSeconds: Number(wishes.get('max') ?? 20),
});

const clips = new Map();
const told = { error: [], gap: [], state: [], level: [] };

capture.addEventListener('clip-start', ({ detail }) => {
  clips.set(detail.clip, { ...detail, data: [], numbers: [], end: null, startedToldAt: Date.now() });
});
capture.addEventListener('chunk', ({ detail }) => {
  const clip = clips.get(detail.clip);
  clip.numbers.push(detail.number);
  clip.data.push(btoa(String.fromCharCode(...detail.data)));
});
capture.addEventListener('clip-end', ({ detail }) => {
  Object.assign(clips.get(detail.clip), { end: detail, endToldAt: Date.now() });
});
for (const type of Object.keys(told)) {
  capture.addEventListener(type, ({ detail }) => told[type].push({ ...detail, toldAt: Date.now() }));
}

window.capture = capture;
window.captured = { clips: () => [...clips.values()], told, microphones };
