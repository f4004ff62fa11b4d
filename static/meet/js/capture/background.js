/** Background noise tracker: does a sound stand out of the quietest moment of the last second? Pure.
 *
 * A hum, a fan or rain stays within a few dB of its own quietest moment; speech rises and falls with every syllable.
 * speech/audio/background.py is the same in Python; both pass tests/fixtures/background.json.
 */

const SMOOTH = 5;             // frames: levels are means of 50 ms, as the noise in 10 ms swings by 10 dB
const WINDOW = 100;           // frames: where the quietest moment is looked for
const MARGINS = [8, 6];       // dB, by band: noise alone stays closer to its minimum than this (docs/vad.md)
const SETTLE = 50;            // frames: digital zeros this early are a microphone that is not open yet
const ZERO = -99;             // dBFS: digital silence

export class Background {
  /** @type {number[][]} */ #powers = [];          // of the last SMOOTH frames, by band
  /** @type {number[][]} */ #levels = [];          // means of 50 ms, dBFS, by band, WINDOW of them
  #frames = 0;

  /** Process one 10 ms frame. @param {number[]} levels  dBFS of each band
   *  @returns {boolean} whether one of the bands stands out of its background */
  push(levels) {
    this.#frames += 1;
    if (!this.#levels.length && this.#frames <= SETTLE && levels.every((level) => level <= ZERO)) {
      this.#powers = [];
      return false;
    }
    this.#powers.push(levels.map((level) => 10 ** (level / 10)));
    if (this.#powers.length > SMOOTH) this.#powers.shift();
    if (this.#powers.length < SMOOTH) return false;
    const now = levels.map((_, band) => {
      let power = 0;
      for (const powers of this.#powers) power += powers[band];
      return 10 * Math.log10(power / SMOOTH);
    });
    this.#levels.push(now);
    if (this.#levels.length > WINDOW) this.#levels.shift();
    return now.some((level, band) => level - this.#quietest(band) >= MARGINS[band]);
  }

  /** @param {number} band */
  #quietest(band) {
    let least = Infinity;
    for (const levels of this.#levels) least = Math.min(least, levels[band]);
    return least;
  }
}
