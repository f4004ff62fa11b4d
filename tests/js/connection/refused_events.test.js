import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';

import { RefusedEvents } from '../../../static/meet/js/connection/refused_events.js';

/** What happened, in words. */
let done;
let waiting;                  // messages that the server has not said back
let refusals;

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ['setTimeout'] });
  done = [];
  waiting = 0;
  refusals = new RefusedEvents({
    refused: () => done.push('out'),
    asked: (event) => event.code === 'bad_name',
    settled: (clip) => done.push(`settled ${clip}`),
    tell: (event) => done.push(`told ${event.code}`),
    uplink: {
      sends: (clip) => clip === 'mine',
      postponed: (clip) => done.push(`postponed ${clip}`),
      resume: () => done.push('resume'),
    },
    chat: () => ({
      resend: (most) => {
        done.push(`resend ${most}`);
        waiting -= 1;
        return waiting > 0;
      },
    }),
  });
});

const hear = (code, more = {}) => refusals.hear({ type: 'error', code, message: '', ...more });

test('what is refused is told, but what an open sheet asked for is told there', () => {
  hear('not_host');
  hear('bad_name');
  assert.deepEqual(done, ['told not_host']);
});

test('what was still on its way when its clip was refused is no news', () => {
  hear('unknown_clip', { clip: 'refused' });
  hear('unknown_clip', { clip: 'mine' });
  assert.deepEqual(done, ['told unknown_clip']);
});

test('messages that came too fast are told once and go out again one by one', () => {
  waiting = 3;
  for (let i = 0; i < 3; i += 1) hear('too_many_messages', { retry_after: 1 });
  assert.deepEqual(done, ['told too_many_messages']);
  mock.timers.tick(999);
  assert.equal(done.length, 1);
  for (let i = 0; i < 5; i += 1) mock.timers.tick(1000);
  assert.deepEqual(done.filter((what) => what === 'resend 1').length, 3);
});

test('a clip that was one too many is kept, and opened again', () => {
  hear('too_many_clips', { clip: 'late', retry_after: 2 });
  mock.timers.tick(2000);
  assert.deepEqual(done, ['postponed late', 'told too_many_clips', 'resume', 'resend 1']);
});
