import assert from 'node:assert/strict';
import { test } from 'node:test';

import { MicrophoneVerdict } from '../../../static/meet/js/capture/microphone_verdict.js';

/** The verdict after so many seconds of the same. */
const after = (seconds, level, speech, hearing = new MicrophoneVerdict()) => {
  for (let at = 0; at < seconds; at += 0.03) hearing.push(level, speech);
  return hearing.verdict;
};

test('who speaks is heard after half a second', () => {
  assert.equal(after(0.3, -25, true), 'listening');
  assert.equal(after(0.5, -25, true), 'heard');
});

test('who speaks quietly is told that it is faint', () => assert.equal(after(2, -55, true), 'faint'));

test('a faint word does not count against the loud one after it', () => {
  const hearing = new MicrophoneVerdict();
  assert.equal(after(1, -55, true, hearing), 'faint');
  assert.equal(after(0.1, -20, true, hearing), 'heard');
});

test('nothing at all is a microphone that is muted', () => {
  assert.equal(after(3.5, -100, false), 'listening');
  assert.equal(after(5, -100, false), 'nothing');
});

test('sound without speech is a room in which nobody speaks', () => assert.equal(after(5, -50, false), 'no-speech'));

test('coughs now and then are no speech', () => {
  const hearing = new MicrophoneVerdict();
  for (let cough = 0; cough < 20; cough += 1) {
    after(0.2, -20, true, hearing);
    after(1, -50, false, hearing);
  }
  assert.equal(hearing.verdict, 'no-speech');
});

test('who speaks late is heard too, and stays heard', () => {
  const hearing = new MicrophoneVerdict();
  after(6, -100, false, hearing);
  assert.equal(after(1, -25, true, hearing), 'heard');
  assert.equal(after(6, -100, false, hearing), 'heard');
});
