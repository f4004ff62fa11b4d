/** How much of a meter a level fills. */

const QUIET = -70;            // dBFS: it is empty; a quiet microphone's speech, at -52, fills a quarter
const LOUD = -8;              // and full

/** @param {number} level  dBFS @returns {number}  0 to 100 */
export function fullness(level) { return Math.round(100 * Math.min(1, Math.max(0, (level - QUIET) / (LOUD - QUIET)))); }
