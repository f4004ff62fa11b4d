/** The audio graph: microphone into worklet, blocks out. */

import { MicrophoneError } from './microphone.js';

export class Ear {
  #context;
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
   *  @param {(block: import('./worklet.js').Block) => void} onBlock */
  async listen(stream, workletUrl, onBlock) {
    await this.#context.resume();
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
    await this.#context.close();
  }
}
