/** The host's link: its secret is in the fragment, which no server logs and no other page is told. */

const PREFIX = '#host=';

/** Hands the secret in and takes it out of the address. */
function claim() {
  if (!location.hash.startsWith(PREFIX)) return;
  const secret = location.hash.slice(PREFIX.length);      // it is made of letters that no address changes
  history.replaceState(null, '', location.pathname);
  const form = document.getElementById('claim-host');
  if (!(form instanceof HTMLFormElement)) return;
  const field = form.elements.namedItem('secret');
  if (field instanceof HTMLInputElement) field.value = secret;
  form.submit();
}

claim();
addEventListener('hashchange', claim);
