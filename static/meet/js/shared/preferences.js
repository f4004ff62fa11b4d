/** What a person chose on this machine, kept across visits. A browser that keeps nothing is no reason to fail. */

const PREFIX = 'meet.';

/** @template T @param {string} name @param {T} otherwise @returns {T} */
export function preference(name, otherwise) {
  try {
    const kept = localStorage.getItem(PREFIX + name);
    return kept === null ? otherwise : JSON.parse(kept);
  } catch (error) {
    console.info('preferences cannot be read', error);
    return otherwise;
  }
}

/** @param {string} name @param {unknown} value */
export function prefer(name, value) {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch (error) {
    console.info('preferences cannot be kept', error);
  }
}
