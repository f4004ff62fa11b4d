/** The rolling recorders: whenever somebody begins to speak, one has been running for a second already. */

const CHUNK = 100;            // ms asked for; Opus frames of 60 ms make it 120
const BITS_PER_SECOND = 32000;
const TURN = 2000;            // ms between two recorders' starts while nobody speaks
const HISTORY = 1500;         // ms the next one must have before the one before it goes
const TYPES = ['audio/webm;codecs=opus', 'audio/mp4;codecs=mp4a.40.2', 'audio/mp4', 'audio/ogg;codecs=opus'];

/** The first container this browser can write, '' where it has its own idea. */
export function recordingType() {
  return TYPES.find((type) => MediaRecorder.isTypeSupported(type)) ?? '';
}

/** One MediaRecorder from its start to its last chunk. Chunks wait until somebody takes them. */
export class Recording {
  #recorder;
  /** @type {Promise<void>} */ #delivery = Promise.resolve();
  /** @type {Uint8Array[]} */ #waiting = [];
  /** @type {((data: Uint8Array) => void) | null} */ #take = null;
  #stopped;

  /** @param {MediaStream} stream @param {string} type @param {(error: unknown) => void} onError */
  constructor(stream, type, onError) {
    this.#recorder = new MediaRecorder(stream, { mimeType: type, audioBitsPerSecond: BITS_PER_SECOND });
    this.#recorder.ondataavailable = ({ data }) => {
      this.#delivery = this.#delivery.then(() => this.#deliver(data)).catch(onError);
    };
    this.#recorder.onerror = onError;
    this.#stopped = new Promise((resolve) => { this.#recorder.onstop = resolve; });
    this.#recorder.start(CHUNK);
    this.startedAt = performance.now();
  }

  get mime() { return this.#recorder.mimeType; }

  /** Hands over what there is so far, then each chunk as it comes. @param {(data: Uint8Array) => void} take */
  claim(take) {
    this.#take = take;
    for (const data of this.#waiting.splice(0)) take(data);
  }

  /** Resolves when the last chunk was handed over. */
  async stop() {
    this.#halt();
    await this.#stopped;
    await this.#delivery;
  }

  /** Ends it now; what was not handed over is gone. */
  discard() {
    this.#recorder.ondataavailable = null;
    this.#take = null;
    this.#halt();
  }

  #halt() {
    if (this.#recorder.state !== 'inactive') this.#recorder.stop();
  }

  /** @param {Blob} blob */
  async #deliver(blob) {
    if (!blob.size) return;
    const data = new Uint8Array(await blob.arrayBuffer());
    if (this.#take) this.#take(data);
    else this.#waiting.push(data);
  }
}

/** The recordings nobody has claimed yet. Every moment is ms of `performance.now()`. */
export class Recorder {
  #stream; #type; #onError;
  /** @type {Recording[]} */ #history = [];    // oldest first

  /** @param {MediaStream} stream @param {(error: unknown) => void} onError */
  constructor(stream, onError) {
    this.#stream = stream;
    this.#type = recordingType();
    this.#onError = onError;
    this.#begin();
  }

  /** Nobody speaks: keep between 1.5 and 3.5 seconds of history. @param {number} at  what is heard now */
  roll(at) {
    if (!this.#history.length || at - this.#history[this.#history.length - 1].startedAt >= TURN) this.#begin();
    while (this.#history.length > 1 && at - this.#history[1].startedAt >= HISTORY) this.#history.shift()?.discard();
  }

  /** Somebody speaks: have a recording ready beside theirs, or none. @param {boolean} wanted */
  spare(wanted) {
    if (wanted && !this.#history.length) this.#begin();
    if (!wanted) this.clear();
  }

  /** The youngest recording that holds `from`, else the one that reaches back furthest. The others are dropped.
   *  @param {number} from @returns {Recording} */
  claim(from) {
    if (!this.#history.length) this.#begin();
    const found = Math.max(0, this.#history.findLastIndex((one) => one.startedAt <= from));
    const [recording] = this.#history.splice(found, 1);
    this.clear();
    return recording;
  }

  /** Drops what nobody claimed. */
  clear() {
    for (const recording of this.#history.splice(0)) recording.discard();
  }

  #begin() { this.#history.push(new Recording(this.#stream, this.#type, this.#onError)); }
}
