import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';

import { AudioGraph } from '../../../static/meet/js/capture/audio_graph.js';
import { MicrophoneError } from '../../../static/meet/js/capture/microphone.js';

const never = () => new Promise(() => {});
const node = () => ({ connect: (next) => next, disconnect() {}, port: {} });

/** What a browser has: one that plays sound, or one that waits for ever for something to play it on. */
function context({ resume = async () => {}, close = async () => {} } = {}) {
  globalThis.AudioContext = class {
    state = 'suspended';
    destination = node();
    audioWorklet = { addModule: async () => {} };
    resume = resume;
    close = close;
    createMediaStreamSource = node;
  };
  globalThis.AudioWorkletNode = class { constructor() { Object.assign(this, node()); } };
}

beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
afterEach(() => mock.timers.reset());

test('a context that never starts is told after some seconds, as nothing to play sound on', async () => {
  context({ resume: never, close: never });
  const ear = new AudioGraph(() => {});
  const listening = ear.listen({}, '', () => {});
  mock.timers.tick(7999);
  assert.equal(await Promise.race([listening.catch(() => 'told'), Promise.resolve('waits')]), 'waits');
  mock.timers.tick(1);
  await assert.rejects(listening, (error) => error instanceof MicrophoneError && error.code === 'no-sound');
  await ear.close();                                  // which never ends in the context either
});

test('a context that starts late but in time is listened to, and its end is waited for', async () => {
  const { promise: started, resolve: start } = Promise.withResolvers();
  let closed = false;
  context({ resume: () => started, close: async () => { closed = true; } });
  const ear = new AudioGraph(() => {});
  const listening = ear.listen({}, '', () => {});
  mock.timers.tick(7999);
  start();
  await listening;
  mock.timers.tick(10_000);
  await ear.close();
  assert.ok(closed);
});
