/** Menus that unfold: Escape closes them and gives the focus back, and so does whatever is pressed beside them. */

/** @param {HTMLDetailsElement} menu */
function watch(menu) {
  menu.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || !menu.open) return;
    event.preventDefault();
    menu.open = false;
    menu.querySelector('summary')?.focus();
  });
  document.addEventListener('pointerdown', ({ target }) => {
    if (target instanceof Node && !menu.contains(target)) menu.open = false;
  });
}

/** Every menu of the page. */
export function letClose() {
  for (const menu of document.querySelectorAll('details.menu')) watch(/** @type {HTMLDetailsElement} */ (menu));
}
