/** Is this speech? RNNoise's detector, loaded from our own origin. docs/vad.md says why this one. */

const FRAME = 480;            // samples: 10 ms at 48 kHz
const FULL_SCALE = 32768;     // RNNoise wants the numbers of 16-bit samples
const SPEECH = 0.35;          // probability from which a frame is speech

export class Vad {
  #rnnoise; #state; #input;

  /** @param {any} rnnoise  the instantiated module */
  constructor(rnnoise) {
    this.#rnnoise = rnnoise;
    this.#state = rnnoise._rnnoise_create(0);
    this.#input = rnnoise._malloc(FRAME * Float32Array.BYTES_PER_ELEMENT);
  }

  /** It remembers what it heard: frames must come in order.
   *  @param {Float32Array} samples  480, 48 kHz, full scale 1 @returns {boolean} */
  hears(samples) {
    const start = this.#input / Float32Array.BYTES_PER_ELEMENT;
    const heap = this.#rnnoise.HEAPF32;
    for (let i = 0; i < FRAME; i += 1) heap[start + i] = samples[i] * FULL_SCALE;
    return this.#rnnoise._rnnoise_process_frame(this.#state, this.#input, this.#input) >= SPEECH;
  }

  /** Gives its memory back; it hears nothing after this. */
  free() {
    this.#rnnoise._rnnoise_destroy(this.#state);
    this.#rnnoise._free(this.#input);
  }
}

/** The files once fetched: they are asked for again only after a failure. @type {Promise<any> | null} */
let loading = null;

/** @param {string} moduleUrl @param {string} wasmUrl @returns {Promise<Vad>} */
export async function loadVad(moduleUrl, wasmUrl) {
  loading ??= instantiate(moduleUrl, wasmUrl);
  try {
    return new Vad(await loading);
  } catch (error) {
    loading = null;
    throw error;
  }
}

/** @param {string} moduleUrl @param {string} wasmUrl */
async function instantiate(moduleUrl, wasmUrl) {
  const [{ default: create }, response] = await Promise.all([import(moduleUrl), fetch(wasmUrl)]);
  if (!response.ok) throw new Error(`${wasmUrl} answered ${response.status}`);
  return create({ wasmBinary: await response.arrayBuffer() });
}
