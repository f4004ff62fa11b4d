/** The screen stays awake while something is recorded: a phone that falls asleep records no more. */

export class ScreenWakeLock {
  #captures;
  /** @type {WakeLockSentinel | null} */ #lock = null;

  /** @param {import('../capture/capture.js').Capture[]} captures */
  constructor(captures) {
    this.#captures = captures;
    for (const one of captures) one.addEventListener('state', () => void (this.#wanted ? this.#take() : this.#give()));
    document.addEventListener('visibilitychange', () => void this.#take());    // a hidden page loses its lock
  }

  get #wanted() { return this.#captures.some((one) => one.state !== 'off'); }

  async #take() {
    if (!this.#wanted || this.#lock || document.hidden || !('wakeLock' in navigator)) return;
    try {
      const lock = await navigator.wakeLock.request('screen');
      if (!this.#wanted || this.#lock) return void await lock.release();
      lock.addEventListener('release', () => { if (this.#lock === lock) this.#lock = null; });
      this.#lock = lock;
    } catch (error) {
      console.info('the screen may fall asleep', error);        // a low battery, say: recording goes on without
    }
  }

  async #give() { await this.#lock?.release(); }
}
