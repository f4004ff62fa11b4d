/** Times on a page that was written by the server: shown in the reader's own zone. */

/** @type {Record<string, Intl.DateTimeFormatOptions>} */
const SHOWN = {
  day: { dateStyle: 'medium', timeStyle: 'short' },
  minute: { hour: '2-digit', minute: '2-digit' },
  second: { hour: '2-digit', minute: '2-digit', second: '2-digit' },
};
const { lang } = document.documentElement;

for (const element of /** @type {NodeListOf<HTMLTimeElement>} */ (document.querySelectorAll('time[data-shown]'))) {
  const format = new Intl.DateTimeFormat(lang, { ...SHOWN[element.dataset.shown ?? 'day'], hourCycle: 'h23' });
  element.textContent = format.format(new Date(element.dateTime));
}
