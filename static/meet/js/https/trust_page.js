/** The page of the root certificate: it finds out whether this device trusts it, and opens the steps for its kind. */

const state = /** @type {HTMLElement} */ (document.querySelector('[data-testid=trust-state]'));
const secure = new URL(/** @type {string} */ (state.dataset.secure));

/** Whether a page over HTTPS would be let in: the answer itself is not looked at. */
async function trusted() {
  try {
    await fetch(new URL('/livez', secure), { mode: 'no-cors', cache: 'no-store' });
    return true;
  } catch {
    return false;
  }
}

/** Ask, say what came of it, and go on for whoever was on the way somewhere. */
async function ask() {
  const yes = await trusted();
  state.dataset.state = yes ? 'trusted' : 'untrusted';
  for (const text of state.querySelectorAll('[data-for]')) {
    text.toggleAttribute('hidden', text.getAttribute('data-for') !== state.dataset.state);
  }
  // what is to be done next stands out
  document.querySelector('[data-testid=root-download]')?.classList.toggle('button-main', !yes);
  document.querySelector('[data-testid=go-secure]')?.classList.toggle('button-main', yes);
  if (yes && state.dataset.goesOn === 'yes') location.replace(secure);
}

/** What this device seems to be; a guess, for the steps that are shown first. */
function device() {
  const { userAgent, maxTouchPoints } = navigator;
  if (/iPhone|iPad/.test(userAgent) || (userAgent.includes('Macintosh') && maxTouchPoints > 1)) return 'ios';
  if (userAgent.includes('Android')) return 'android';
  if (userAgent.includes('Windows')) return 'windows';
  return userAgent.includes('Macintosh') ? 'macos' : 'linux';
}

document.querySelector(`[data-device=${device()}]`)?.setAttribute('open', '');
// who went to the settings and comes back to this page is asked again
document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && ask());
ask();
