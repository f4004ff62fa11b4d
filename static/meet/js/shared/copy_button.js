/** Buttons that copy what they carry in `data-copy`, and say so for a moment. */

import { say } from './page.js';

const SHOWN = 1500;           // ms

export function letCopy() {
  for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('[data-copy]'))) {
    const label = button.textContent;
    button.addEventListener('click', async () => {
      await copy(button.dataset.copy ?? '');
      button.textContent = say('copied');
      setTimeout(() => { button.textContent = label; }, SHOWN);
    });
  }
}

/** Pages that are not on HTTPS have no clipboard but the old way. @param {string} text */
async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = document.createElement('textarea');
  field.value = text;
  document.body.append(field);
  field.select();
  document.execCommand('copy');
  field.remove();
}
