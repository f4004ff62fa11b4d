/** The room's page: each part gets what it needs, each event goes where it belongs. */

import { Capture } from '../capture/capture.js';
import { Journal } from '../capture/journal.js';
import { ClipStore } from '../capture/clip_store.js';
import { Connection } from '../connection/connection.js';
import { ReadingSettings } from '../captions/reading_settings.js';
import { letCopy } from '../shared/copy_button.js';
import { EndMeeting } from './end_meeting.js';
import { seen, snapshot } from '../connection/events.js';
import { EventOrder } from '../connection/event_order.js';
import '../people/host_link.js';
import { UnsentWarning } from './unsent_warning.js';
import { LostSpeech } from '../recording/lost_speech.js';
import { letClose } from './menus.js';
import { piece, say, why } from '../shared/page.js';
import { People } from '../people/people.js';
import { Reading } from '../captions/reading.js';
import { RecordButton } from '../recording/record_button.js';
import { RefusedEvents } from '../connection/refused_events.js';
import { SoundSharing } from '../recording/sound_sharing.js';
import { letRise } from './sheets.js';
import { Speakers } from '../people/speakers.js';
import { SpokenLanguages } from '../recording/spoken_language.js';
import { Status } from './status.js';
import { Uplink } from '../connection/uplink.js';
import { ScreenWakeLock } from '../recording/wake_lock.js';
import { Withdrawal } from '../captions/withdrawal.js';

const PATIENCE = 400;         // ms in which a missing event may still arrive by itself

const { dataset } = piece('room', HTMLElement);
const connection = new Connection(`${location.origin.replace('http', 'ws')}${dataset.socket}`);
const send = (/** @type {object | Uint8Array<ArrayBuffer>} */ what) => connection.send(what);
const speakers = new Speakers();
const feed = new EventOrder();
const status = new Status(connection.clock);
const controls = new ReadingSettings((languages) => reading.captions.read(languages));
const withdrawing = new Withdrawal({ send });
const ending = new EndMeeting(send);
let hosting = false;
const reading = new Reading({
  address: dataset.lines ?? '',
  meeting: () => feed.meeting,
  speakers,
  send,
  translates: dataset.translator === 'on',
  languages: controls.languages,
  onFinal: (caption, anew) => {
    controls.announce(caption);
    if (anew) status.final(caption);
  },
  onMessage: ({ name, text }) => controls.announce({ name, text, lang: '' }),
  dress: (line) => withdrawing.dress(line),
  mayUnfold: (whose) => hosting || whose.some((one) => withdrawing.owns(one)),
});
const shelf = window.isSecureContext ? new ClipStore(dataset.socket ?? '') : null;      // elsewhere nothing is recorded
const journal = new Journal({ shelf });
const uplink = new Uplink(journal);
const capturing = {
  workletUrl: dataset.worklet ?? '',
  vadUrl: dataset.vad ?? '',
  vadWasmUrl: dataset.vadWasm ?? '',
  clipMaxSeconds: Number(dataset.clipMaxSeconds),
  clipSilenceSeconds: Number(dataset.clipSilenceSeconds),
  now: () => connection.clock.now(),
};
const capture = new Capture(capturing);
const losses = new LostSpeech();
shelf?.addEventListener('failed', () => losses.tell(say('not-kept')));
const spoken = new SpokenLanguages(piece('spoken-language', HTMLSelectElement));
const recording = new RecordButton({ capture, uplink, losses, now: capturing.now });
const sharing = new SoundSharing({ capture: capturing, uplink, losses, send });
new UnsentWarning({ uplink, journal, captures: [capture, sharing.capture] });
new ScreenWakeLock([capture, sharing.capture]);
const people = new People({
  speakers,
  spoken,
  send,
  tell: (words) => losses.tell(words),
  uplink,
  captures: [capture, sharing.capture],
  onLeft: () => status.refused(),
});
const refusals = new RefusedEvents({
  refused: () => status.refused(),
  asked: (event) => people.refuse(event),
  settled: (clip) => withdrawing.settled(clip),
  tell: (event) => losses.tell(why(event)),
  uplink,
  chat: () => reading.chat,
});

/** @param {import('../connection/events.js').Welcome} event */
async function welcome(event) {
  people.welcome(event.you);
  reading.chat.you = people.you;          // before the snapshot: its messages are told from others' by it
  hosting = event.host;
  withdrawing.welcome(event.you);
  recording.ready(event.next_number);
  sharing.welcome();
  reading.chat.resend();
  await uplink.connected(send, event.limits);
}

/** @param {import('../connection/events.js').Snapshot} event */
function restore(event) {
  if (event.meeting === null && feed.ended) return;
  reading.restore(event);
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

/** The meeting is over. A word after that would begin another one: who means to presses again. */
function silence() {
  void recording.stop();
  void sharing.stop();
}

/** @param {import('../connection/events.js').ServerEvent} event */
function hear(event) {
  const over = feed.ended;
  const whose = feed.see(event);
  if (feed.ended && !over) silence();
  catchUp();
  report();
  status.meeting(feed.ended);
  ending.draw(!feed.ended && feed.meeting !== null);
  if (whose === 'another') reading.clear();      // after its end a meeting's lines stay in view until another begins
  if (whose !== 'foreign') show(event);
}

/** @param {import('../connection/events.js').ServerEvent} event */
function show(event) {
  switch (event.type) {
    case 'welcome': return void welcome(event);
    case 'snapshot': return restore(event);
    case 'speaking':
      status.speaking(event);
      return people.hear(event);
    case 'members':
    case 'renamed':
      people.hear(event);
      reading.chat.you = people.you;
      return undefined;
    case 'speakers':
    case 'room':
    case 'left': return people.hear(event);
    case 'caption':
    case 'gap': return reading.captions.show(event);
    case 'translation': return reading.captions.translate(event);
    case 'unsaid':
      controls.hush(event.clip);
      return reading.captions.unsay(event.clip);
    case 'withdrawn':
      uplink.withdrawn(event.clip);
      withdrawing.settled(event.clip);
      controls.hush(event.clip);
      return reading.captions.withdraw(event);
    case 'folded': return reading.captions.fold(event);
    case 'message': return reading.chat.show(event);
    case 'sharing':
      withdrawing.own(event.participant);
      return void sharing.hear(event);
    case 'engine':
      spoken.engine(event);
      return status.engine(event);
    case 'error': return refusals.hear(event);
    default: return void uplink.hear(event);
  }
}

connection.addEventListener('event', (event) => hear(/** @type {CustomEvent} */ (event).detail));
connection.addEventListener('beat', () => status.beat());
connection.addEventListener('refused', () => status.refused());
connection.addEventListener('state', (event) => {
  const { state } = /** @type {CustomEvent} */ (event).detail;
  if (state !== 'online') uplink.disconnected();
  status.line(state);
});
letCopy();
letClose();
letRise();
connection.open();
