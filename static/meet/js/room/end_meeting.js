/** The host ends the meeting for everybody; asked once more, each time anew. */

import { endMeeting } from '../connection/events.js';

export class EndMeeting {
  #button = /** @type {HTMLButtonElement | null} */ (document.getElementById('end-meeting'));     // the host's

  /** @param {(event: object) => boolean} send */
  constructor(send) {
    const question = document.getElementById('end-question');
    if (!(question instanceof HTMLDialogElement)) return;
    this.#button?.addEventListener('click', () => {
      question.returnValue = '';          // Escape leaves it as it is: what was answered at the meeting before
      question.showModal();
    });
    question.addEventListener('close', () => { if (question.returnValue === 'end') send(endMeeting()); });
  }

  /** @param {boolean} possible  a meeting goes on */
  draw(possible) { if (this.#button) this.#button.disabled = !possible; }
}
