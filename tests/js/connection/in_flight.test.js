import assert from 'node:assert/strict';
import { test } from 'node:test';

import { InFlight } from '../../../static/meet/js/connection/in_flight.js';

test('what arrived is in flight no more', () => {
  const flight = new InFlight();
  flight.add('a', 0, { bytes: 100, sentAt: 0 });
  flight.add('a', 1, { bytes: 50, sentAt: 5 });
  flight.land('a', [0, 7]);
  assert.equal(flight.bytes, 50);
  assert.equal(flight.late(1505), false);
  assert.equal(flight.late(1506), true);
});

test('a chunk that is sent again counts once', () => {
  const flight = new InFlight();
  flight.add('a', 0, { bytes: 100, sentAt: 0 });
  flight.add('a', 0, { bytes: 100, sentAt: 9 });
  assert.equal(flight.bytes, 100);
});

test('a clip that is forgotten takes all of its chunks along, and no other\'s', () => {
  const flight = new InFlight();
  for (const clip of ['a', 'b']) flight.add(clip, 0, { bytes: 100, sentAt: 0 });
  flight.forget('a');
  assert.equal(flight.bytes, 100);
  flight.clear();
  assert.equal(flight.bytes, 0);
});
