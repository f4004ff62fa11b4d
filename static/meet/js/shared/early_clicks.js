/**
 * Keeps the press of a button whose module is still on its way. No module itself: it has run before the page's body is
 * read, so there is no moment at which a press is lost.
 */
document.addEventListener('click', ({ target }) => {
  const button = target instanceof Element ? target.closest('button[data-press=awaited]') : null;
  if (button instanceof HTMLButtonElement) button.dataset.press = 'kept';
});
