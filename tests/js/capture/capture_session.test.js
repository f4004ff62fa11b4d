import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { CaptureSession } from '../../../static/meet/js/capture/capture_session.js';

/** The browser's recorder, which is beyond this machine's Node: it stops when the test says so. */
class MediaRecorder {
  static isTypeSupported() { return true; }
  mimeType = 'audio/webm;codecs=opus';
  state = 'inactive';
  constructor() { recorders.push(this); }
  start() { this.state = 'recording'; }
  stop() { this.state = 'inactive'; }
}

let recorders, events, session, at;
const block = (level) => {
  at += 30;
  return { at: at - 30, samples: new Float32Array(1440), levels: [level, level, level], lost: 0 };
};
const speak = (ms, level = -20) => { for (let spoken = 0; spoken < ms; spoken += 30) session.hear(block(level)); };

beforeEach(() => {
  Object.assign(globalThis, { MediaRecorder });
  recorders = [];
  events = [];
  at = 0;
  session = new CaptureSession({}, {
    maxSeconds: 20,
    silenceSeconds: 1,
    nextNumber: () => 0,
    epoch: (moment) => moment,
    emit: (type, detail) => { if (type.startsWith('clip')) events.push([type, detail.reason]); },
    onError: (error) => { throw error; },
  });
  session.use({ hears: () => true, free: () => {} });
});

test('speech begins a clip', () => {
  speak(300);
  assert.deepEqual(events, [['clip-start', undefined]]);
  assert.equal(session.speaking, true);
});

test('what no open microphone is as quiet as begins no clip, whatever the detector makes of it', () => {
  speak(3000, -72);
  assert.deepEqual(events, []);
});

test('a hum that stays when the speech is over lets its clip end', () => {
  speak(300);
  speak(3000, -72);
  assert.deepEqual(events, [['clip-start', undefined]]);
  assert.equal(session.speaking, false);
});

test('what is heard while the last chunks are awaited begins no clip', async () => {
  speak(300);
  const finished = session.finish('stop');
  speak(600);
  for (const recorder of recorders) recorder.onstop();
  await finished;
  speak(600);
  assert.deepEqual(events, [['clip-start', undefined], ['clip-end', 'stop']]);
  assert.equal(session.speaking, false);
});

test('what is heard after the page was left begins no clip', () => {
  speak(300);
  session.leave();
  speak(21_000);
  assert.deepEqual(events, [['clip-start', undefined], ['clip-end', 'leave']]);
});
