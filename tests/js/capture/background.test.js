import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { Background } from '../../../static/meet/js/capture/background.js';

const fixture = JSON.parse(readFileSync(new URL('../../fixtures/background.json', import.meta.url), 'utf8'));

/** For how many answers it stays the same, the first count for no. @param {boolean[]} answers */
function counts(answers) {
  const found = [0];
  let before = false;
  for (const answer of answers) {
    if (answer !== before) found.push(0);
    found[found.length - 1] += 1;
    before = answer;
  }
  return found;
}

for (const { name, runs, stands_out: expected } of fixture.cases) {
  test(name, () => {
    const background = new Background();
    const answers = runs.flatMap(([count, ...levels]) => Array.from({ length: count }, () => background.push(levels)));
    assert.deepEqual(counts(answers), expected);
  });
}
