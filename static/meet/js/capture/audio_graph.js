/** The audio graph: microphone into worklet, blocks out. */

import { MicrophoneError } from './microphone.js';

// A browser without anything to play sound on never starts its audio context, and never says so (Firefox on Linux without
// a sound server). A busy machine takes a second or two.
const PATIENCE = 8000;        // ms

export class AudioGraph {
  #context;
  #ran = false;
  /** @type {AudioNode[]} */ #nodes = [];

  /** @param {(running: boolean) => void} onRunning  false while the system takes the sound away */
  constructor(onRunning) {
    this.#context = new AudioContext({ latencyHint: 'interactive' });
    this.#context.onstatechange = () => {
      if (this.#context.state === 'closed') return;
      onRunning(this.#context.state === 'running');
      if (this.#context.state === 'suspended') void this.#context.resume();
    };
  }

  /** @param {MediaStream} stream @param {string} workletUrl
   *  @param {(block: import('./worklet.js').Block) => void} onBlock  Rejects with MicrophoneError. */
  async listen(stream, workletUrl, onBlock) {
    await this.#run();
    await this.#context.audioWorklet.addModule(workletUrl).catch((error) => {
      throw new MicrophoneError('unsupported', error);
    });
    const source = this.#context.createMediaStreamSource(stream);
    const worklet = new AudioWorkletNode(this.#context, 'ear', { numberOfInputs: 1, numberOfOutputs: 1 });
    worklet.port.onmessage = ({ data }) => onBlock(data);
    source.connect(worklet).connect(this.#context.destination);   // silent, but a node nobody hears may not run
    this.#nodes = [source, worklet];
  }

  async close() {
    for (const node of this.#nodes) node.disconnect();
    const closed = this.#context.close();
    if (this.#ran) await closed;
    else closed.catch((error) => console.warn('audio context', error));     // one that never ran may never close
  }

  async #run() {
    /** @type {ReturnType<typeof setTimeout> | undefined} */ let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new MicrophoneError('no-sound')), PATIENCE);
    });
    try {
      await Promise.race([this.#context.resume(), late]);
      this.#ran = true;
    } finally {
      clearTimeout(timer);
    }
  }
}
