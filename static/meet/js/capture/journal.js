/** What the server has not confirmed yet: the chunks of every clip until the clip itself is acknowledged. */

const LIMIT = 64 * 1024 * 1024;      // bytes: four hours of speech at 32 kbit/s

/**
 * @typedef {{number: number, data: Uint8Array, at: number, held: boolean}} Chunk  held: the server has it on disk
 * @typedef {import('./clip_store.js').Start} Start
 * @typedef {{clip: string, start: Start | null, end: object | null, chunks: {number: number, data: Uint8Array}[]}} Pending
 * @typedef {{start: Start | null, end: object | null, chunks: Map<number, Chunk>}} Entry
 */

/** It is in memory; a shelf beneath it, where it has one, outlives the page. Writing returns at once.
 *  `restored`: what an earlier page left is here too. When it is full it gives up the oldest clip that is over; a `gone` event says which: {clip, from, to}, ms as given to
 *  `add`. Where that makes no room either, `add` says so and its caller tells. */
export class Journal extends EventTarget {
  #limit; #shelf;
  /** @type {Map<string, Entry>} */ #clips = new Map();      // in the order they began
  #size = 0;

  /** @param {{limit?: number, shelf?: import('./clip_store.js').ClipStore | null}} [options] */
  constructor({ limit = LIMIT, shelf = null } = {}) {
    super();
    this.#limit = limit;
    this.#shelf = shelf;
    void shelf?.adopt((left) => this.#restore(left));
  }

  /** Bytes it holds. */
  get size() { return this.#size; }

  /** @param {string} clip @param {Start} start  what the server must be told before its chunks */
  open(clip, start) {
    this.#entry(clip).start = start;
    this.#shelf?.keep(clip, start, null);
  }

  /** @param {string} clip @param {number} number @param {Uint8Array} data @param {number} [at]  when it was recorded, ms
   *  @returns {boolean} false where there was no room for it */
  add(clip, number, data, at = 0) {
    const entry = this.#entry(clip);
    if (entry.chunks.has(number)) return true;
    if (!this.#make(data.length, clip)) return false;
    entry.chunks.set(number, { number, data, at, held: false });
    this.#size += data.length;
    this.#shelf?.add({ clip, number, data, at });
    return true;
  }

  /** The server has these on disk: they need not be sent again. @param {string} clip @param {Iterable<number>} numbers */
  acknowledge(clip, numbers) {
    for (const number of numbers) {
      const chunk = this.#clips.get(clip)?.chunks.get(number);
      if (chunk) chunk.held = true;
    }
  }

  /** The server has exactly these, whatever it said before. @param {string} clip @param {Iterable<number>} numbers */
  reset(clip, numbers) {
    for (const chunk of this.#clips.get(clip)?.chunks.values() ?? []) chunk.held = false;
    this.acknowledge(clip, numbers);
  }

  /** The clip is over. @param {string} clip @param {object} end  what the server must be told after its chunks */
  close(clip, end = {}) {
    const entry = this.#entry(clip);
    entry.end = end;
    if (entry.start) this.#shelf?.keep(clip, entry.start, end);
  }

  /** The server acknowledged or refused the whole clip. @param {string} clip */
  forget(clip) {
    for (const chunk of this.#clips.get(clip)?.chunks.values() ?? []) this.#size -= chunk.data.length;
    this.#clips.delete(clip);
    this.#shelf?.remove(clip);
  }

  /** How much speech the server lacks: ms, near enough to be told. */
  get waiting() {
    return [...this.#clips.values()].reduce((sum, { start, chunks }) => {
      const all = [...chunks.values()];
      if (!start || !all.length) return sum;
      const spoken = Math.max(...all.map((chunk) => chunk.at)) - start.started_at - start.keep_from;
      return sum + (Math.max(0, spoken) * all.filter((chunk) => !chunk.held).length) / all.length;
    }, 0);
  }

  /** Every clip it has, in order, or the one that is asked for, with the chunks the server lacks.
   *  @param {string} [only] @returns {Promise<Pending[]>} */
  async pending(only) {
    return [...this.#clips].filter(([clip]) => !only || clip === only).map(([clip, { start, end, chunks }]) => ({
      clip,
      start,
      end,
      chunks: [...chunks.values()].filter((one) => !one.held).map(({ number, data }) => ({ number, data })),
    }));
  }

  /** What an earlier page left: it comes first. @param {import('./clip_store.js').Left[]} all */
  #restore(all) {
    const before = all.map(({ clip, start, end, chunks }) => {
      for (const { data } of chunks) this.#size += data.length;
      const held = new Map(chunks.map(({ number, data, at }) => [number, { number, data, at, held: false }]));
      return /** @type {[string, Entry]} */ ([clip, { start, end: endOf(clip, end, chunks), chunks: held }]);
    });
    this.#clips = new Map([...before, ...this.#clips]);
    if (before.length) this.dispatchEvent(new Event('restored'));
  }

  /** @param {string} clip */
  #entry(clip) {
    const entry = this.#clips.get(clip) ?? { start: null, end: null, chunks: new Map() };
    this.#clips.set(clip, entry);
    return entry;
  }

  /** Room for `bytes` more: what the server holds goes first, then the oldest clip that is over.
   *  @param {number} bytes @param {string} writing */
  #make(bytes, writing) {
    for (const entry of this.#clips.values()) {
      for (const chunk of entry.chunks.values()) {
        if (this.#size + bytes <= this.#limit) return true;
        if (chunk.held) this.#drop(entry, chunk);
      }
    }
    for (const [clip, entry] of this.#clips) {
      if (this.#size + bytes <= this.#limit) return true;
      if (clip === writing || !entry.end || !entry.chunks.size) continue;
      const times = [...entry.chunks.values()].map((chunk) => chunk.at);
      this.forget(clip);
      this.dispatchEvent(new CustomEvent('gone', { detail: { clip, from: Math.min(...times), to: Math.max(...times) } }));
    }
    return this.#size + bytes <= this.#limit;
  }

  /** @param {Entry} entry @param {Chunk} chunk */
  #drop(entry, chunk) {
    entry.chunks.delete(chunk.number);
    this.#size -= chunk.data.length;
  }
}

/** Where a clip is over that an earlier page left: nobody ended it, or the browser's disk was full. No chunk is waited for
 *  that nobody has. @param {string} clip @param {object | null} end @param {{number: number}[]} chunks */
function endOf(clip, end, chunks) {
  const broken = chunks.findIndex((chunk, i) => chunk.number !== i);
  const whole = broken < 0 ? chunks.length : broken;
  const told = /** @type {{chunks: number}} */ (end ?? { clip, chunks: whole, keep_to: null, reason: 'leave' });
  return { ...told, chunks: Math.min(told.chunks, whole) };
}
