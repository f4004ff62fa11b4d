/** The room's page: each part gets what it needs, each event goes where it belongs. */

import { Captions } from './captions.js';
import { Capture } from './capture/capture.js';
import { Journal } from './capture/journal.js';
import { Chat } from './chat.js';
import { Connection } from './connection.js';
import { Controls } from './controls.js';
import { letCopy } from './copying.js';
import { endMeeting, seen, snapshot } from './events.js';
import { Feed } from './feed.js';
import './host.js';
import { Losses } from './losses.js';
import { Members } from './members.js';
import { piece, why } from './page.js';
import { Recording } from './recording.js';
import { Speakers } from './speakers.js';
import { Status } from './status.js';
import { Uplink } from './uplink.js';

const PATIENCE = 400;         // ms in which a missing event may still arrive by itself

const { dataset } = piece('room', HTMLElement);
const connection = new Connection(`${location.origin.replace('http', 'ws')}${dataset.socket}`);
const send = (/** @type {object | Uint8Array<ArrayBuffer>} */ what) => connection.send(what);
const speakers = new Speakers();
const feed = new Feed();
const status = new Status(connection.clock);
const members = new Members(speakers);
const chat = new Chat({ send, speakers });
const controls = new Controls((languages) => captions.read(languages));
const captions = new Captions({
  speakers,
  translates: dataset.translator === 'on',
  languages: controls.languages,
  onFinal: (caption) => {
    controls.announce(caption);
    status.final(caption);
  },
});
const uplink = new Uplink(new Journal());
const capture = new Capture({
  workletUrl: dataset.worklet ?? '',
  vadUrl: dataset.vad ?? '',
  vadWasmUrl: dataset.vadWasm ?? '',
  clipMaxSeconds: Number(dataset.clipMaxSeconds),
  clipSilenceSeconds: Number(dataset.clipSilenceSeconds),
  now: () => connection.clock.now(),
});
const losses = new Losses();
const recording = new Recording({ capture, uplink, losses });
let you = '';

/** @param {import('./events.js').Welcome} event */
async function welcome(event) {
  you = event.you;
  members.you = you;
  members.forget();
  recording.ready(event.next_number);
  chat.resend();
  await uplink.connected(send, event.limits);
}

/** After a meeting's end its lines stay in view until another one begins. */
function clear() {
  captions.clear();
  chat.clear();
}

/** @param {import('./events.js').Snapshot} event */
function restore(event) {
  if (event.meeting === null && feed.ended) return;
  captions.restore(event.captions, event);
  chat.restore(event.messages);
}

/** @param {import('./events.js').Member[]} here */
function meet(here) {
  members.show(here);
  chat.you = { id: you, name: here.find((one) => one.id === you)?.name ?? '' };
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let asking;

/** Something was missed: after a moment the newest state is asked for, once. */
function catchUp() {
  if (!feed.behind || asking !== undefined) return;
  asking = setTimeout(() => {
    asking = undefined;
    if (feed.behind) send(snapshot());
  }, PATIENCE);
}

/** So that the server sees who is far behind. */
function report() {
  const seq = feed.report();
  if (seq !== null) send(seen(seq));
}

/** What was still on its way when its clip was refused is refused once more: that is no news.
 *  @param {import('./events.js').ServerError} event */
function refused(event) {
  if (event.code === 'not_joined') return status.refused();
  if (event.code === 'unknown_clip' && !uplink.knows(event.clip ?? '')) return;
  losses.tell(why(event));
}

/** @param {import('./events.js').ServerEvent} event */
function hear(event) {
  const whose = feed.see(event);
  catchUp();
  report();
  status.meeting(feed.ended);
  if (ending) ending.disabled = feed.ended || feed.meeting === null;
  if (whose === 'another') clear();
  if (whose !== 'foreign') show(event);
}

/** @param {import('./events.js').ServerEvent} event */
function show(event) {
  switch (event.type) {
    case 'welcome': return void welcome(event);
    case 'snapshot': return restore(event);
    case 'members': return meet(event.members);
    case 'speaking':
      members.speak(event.participant, event.speaking);
      return status.speaking(event);
    case 'caption':
    case 'gap': return captions.show(event);
    case 'translation': return captions.translate(event);
    case 'withdrawn': return captions.withdraw(event.clip);
    case 'message': return chat.show(event);
    case 'engine': return status.engine(event);
    case 'error': return refused(event);
    default: return void uplink.hear(event);
  }
}

const ending = /** @type {HTMLButtonElement | null} */ (document.getElementById('end-meeting'));   // the host's

function askToEnd() {
  const question = document.getElementById('end-question');
  if (!ending || !(question instanceof HTMLDialogElement)) return;
  ending.addEventListener('click', () => question.showModal());
  question.addEventListener('close', () => { if (question.returnValue === 'end') send(endMeeting()); });
}

connection.addEventListener('event', (event) => hear(/** @type {CustomEvent} */ (event).detail));
connection.addEventListener('beat', () => status.beat());
connection.addEventListener('refused', () => status.refused());
connection.addEventListener('state', (event) => {
  const { state } = /** @type {CustomEvent} */ (event).detail;
  if (state !== 'online') uplink.disconnected();
  status.line(state);
});
askToEnd();
letCopy();
connection.open();
