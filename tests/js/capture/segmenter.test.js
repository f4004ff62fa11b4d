import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { FRAME, Segmenter } from '../../../static/meet/js/capture/segmenter.js';

const fixture = JSON.parse(readFileSync(new URL('../../fixtures/segmenter.json', import.meta.url), 'utf8'));

/** @param {number[][]} runs */
function* framesOf(runs) {
  for (const [start, count, speech, level] of runs) {
    for (let i = 0; i < count; i += 1) yield { at: start + i * FRAME, speech: speech === 1, level };
  }
}

for (const { name, runs, finish, events, ...set } of fixture.cases) {
  test(name, () => {
    const segmenter = new Segmenter({
      maxSeconds: set.max_seconds, silenceSeconds: set.silence_seconds, preRoll: set.pre_roll, tail: set.tail,
      onset: set.onset, window: set.window,
    });
    const heard = [...framesOf(runs)].flatMap((frame) => segmenter.push(frame));
    if (finish !== null) heard.push(...segmenter.finish(finish));
    assert.deepEqual(heard.map(({ type, at }) => [type, at]), events);
  });
}

/** Numbers from 0 to 1, the same for the same seed. @param {number} seed */
function dice(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Ten minutes of talk, pauses and losses. @param {number} seed */
function talk(seed) {
  const roll = dice(seed);
  const runs = [];
  for (let at = 0; at < 600_000;) {
    at += roll() < 0.05 ? 10 * Math.floor(roll() * 300) : 0;
    const count = 1 + Math.floor(roll() * (roll() < 0.1 ? 900 : 60));
    runs.push([at, count, Number(roll() < 0.7), -20 - 50 * roll()]);
    at += count * FRAME;
  }
  return [...framesOf(runs)];
}

/** @param {{type: string, at: number}[]} events @returns {{from: number, to: number}[]} */
function clipsOf(events) {
  const clips = [];
  let from = NaN;
  for (const { type, at } of events) {
    if (type !== 'start') clips.push({ from, to: at });
    if (type !== 'end') from = at;
  }
  return clips;
}

for (let seed = 1; seed <= 20; seed += 1) {
  const frames = talk(seed);
  const segmenter = new Segmenter({ maxSeconds: 20, silenceSeconds: 1 });
  const spoken = [];                                   // speech frames heard while a clip was open
  const events = frames.flatMap((frame) => {
    const cuts = segmenter.push(frame);
    if (frame.speech && segmenter.start !== null) spoken.push(frame);
    return cuts;
  });
  events.push(...segmenter.finish(frames.at(-1).at + FRAME));
  const clips = clipsOf(events);

  test(`no clip is longer than the longest, none is empty (stream ${seed})`, () => {
    for (const { from, to } of clips) assert.ok(to > from && to - from <= 20_000, `${from} to ${to}`);
  });

  test(`clips never overlap, and a cut leaves nothing out (stream ${seed})`, () => {
    clips.slice(1).forEach(({ from }, i) => assert.ok(from >= clips[i].to));
    const cuts = events.filter(({ type }) => type === 'cut').length;
    const joined = clips.slice(1).filter(({ from }, i) => from === clips[i].to).length;
    assert.ok(cuts > 0 && joined >= cuts);
  });

  test(`whatever was spoken while a clip was open lies in one (stream ${seed})`, () => {
    for (const { at } of spoken) {
      assert.ok(clips.some(({ from, to }) => from <= at && at + FRAME <= to) || straddles(clips, at), `${at}`);
    }
  });
}

/** Whether a cut goes through this frame. @param {{from: number, to: number}[]} clips @param {number} at */
function straddles(clips, at) {
  return clips.slice(1).some(({ from }, i) => from === clips[i].to && at < from && from < at + FRAME);
}
