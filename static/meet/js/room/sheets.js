/** The room on a phone: who is here, and what is done with the room, rise as sheets; what is seldom used is put away. */

import { piece } from '../shared/page.js';

export const PHONE = matchMedia('(max-width: 45rem)');

/** A sheet goes by Escape, which gives the focus back, and by a tap beside it; not while it asks something itself.
 *  @param {{sheet: HTMLElement, button: HTMLElement, isOpen: () => boolean, close: () => void}} options */
export function letGo({ sheet, button, isOpen, close }) {
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || event.isComposing || !isOpen() || document.querySelector('dialog[open]')) return;
    close();
    button.focus();
  });
  document.addEventListener('pointerdown', ({ target }) => {
    const within = target instanceof Element && [sheet, button, target.closest('dialog')].some((one) => one?.contains(target));
    if (!within && isOpen()) close();
  });
}

class Sheet {
  #button; #sheet;

  /** @param {HTMLElement} sheet @param {HTMLButtonElement} button  which opens and closes it, and may stand in it */
  constructor(sheet, button) {
    this.#sheet = sheet;
    this.#button = button;
    button.addEventListener('click', () => this.#open(!this.#isOpen));
    sheet.addEventListener('click', ({ target }) => {
      if (target instanceof Element && target.closest('[data-asks]')) this.#open(false);      // a question takes its place
    });
    letGo({ sheet, button, isOpen: () => this.#isOpen, close: () => this.#open(false) });
  }

  get #isOpen() { return this.#sheet.classList.contains('open'); }

  /** @param {boolean} open */
  #open(open) {
    this.#sheet.classList.toggle('open', open);
    this.#button.setAttribute('aria-expanded', String(open));
  }
}

/** The microphone is chosen once: on a phone it stands among the settings. */
function place() {
  const field = piece('microphone-field', HTMLElement);
  const home = PHONE.matches ? piece('sound-settings', HTMLElement) : piece('voice', HTMLElement);
  if (field.parentElement !== home) home.prepend(field);
}

/** All of them. */
export function letRise() {
  new Sheet(piece('members-panel', HTMLElement), piece('members-fold', HTMLButtonElement));
  new Sheet(piece('room-tools', HTMLElement), piece('more', HTMLButtonElement));
  PHONE.addEventListener('change', place);
  place();
}
