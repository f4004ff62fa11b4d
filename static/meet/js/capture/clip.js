/** One clip on its way out: a claimed recording, told as `clip-start`, `chunk` and `clip-end`. */

/** @typedef {'silence' | 'cut' | 'stop' | 'leave' | 'device'} Reason
 *  @typedef {(type: string, detail: object) => void} Emit */

export class Clip {
  id = crypto.randomUUID();
  #recording; #emit;
  #chunks = 0;
  #open = true;

  /**
   * @param {import('./recorder.js').Recording} recording
   * @param {object} about
   * @param {number} about.number  in its speaker's sequence
   * @param {number} about.from  where what is kept begins, ms of `performance.now()`
   * @param {(moment: number) => number} about.epoch  from `performance.now()` to the server's clock
   * @param {Emit} emit
   */
  constructor(recording, { number, from, epoch }, emit) {
    this.#recording = recording;
    this.#emit = emit;
    const keepFrom = this.#within(from);
    const startedAt = epoch(recording.startedAt);
    const speechAt = startedAt + keepFrom;
    emit('clip-start', { clip: this.id, number, startedAt, mime: recording.mime, keepFrom, speechAt });
    recording.claim((data) => {
      if (!this.#open) return;
      emit('chunk', { clip: this.id, number: this.#chunks, data, at: epoch(performance.now()) });
      this.#chunks += 1;
    });
  }

  /** Resolves when its last chunk is out. @param {Reason} reason @param {number | null} to  null: keep all */
  async end(reason, to) {
    const duration = Math.round(performance.now() - this.#recording.startedAt);
    await this.#recording.stop();
    this.#close(reason, to, duration);
  }

  /** At once, with the chunks that are out: there may be no later. */
  leave() {
    this.#close('leave', null, Math.round(performance.now() - this.#recording.startedAt));
    this.#recording.discard();
  }

  /** @param {Reason} reason @param {number | null} to @param {number} duration */
  #close(reason, to, duration) {
    if (!this.#open) return;
    this.#open = false;
    const keepTo = to === null ? null : this.#within(to);
    this.#emit('clip-end', { clip: this.id, chunks: this.#chunks, keepTo, duration, reason });
  }

  /** A moment in ms of its own recording. @param {number} moment */
  #within(moment) { return Math.max(0, Math.round(moment - this.#recording.startedAt)); }
}
