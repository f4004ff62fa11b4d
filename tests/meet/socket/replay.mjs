/** The page's own journal and uplink (static/meet/js) on a real socket, as fast as the server acknowledges.
 *  Arguments: one JSON object: address, headers, clips, chunks (of a clip), bytes (of a chunk), cuts (how often the
 *  line is cut on the way). Prints one JSON object: what the server said to it. */

import { Journal } from '../../../static/meet/js/capture/journal.js';
import { Uplink } from '../../../static/meet/js/connection/uplink.js';

const LIVE_CHUNK_MS = 250;
const { address, headers, clips, chunks, bytes, cuts } = JSON.parse(process.argv[2]);
const said = { acknowledged: 0, errors: [], closed: [], lost: [], live: false, sent: 0, mostInFlight: 0 };
const uplink = new Uplink(new Journal());
uplink.addEventListener('lost', ({ detail }) => said.lost.push(detail.code));

/** @param {number} number */
function started(number) {
  const clip = crypto.randomUUID();
  const ago = (clips - number) * chunks * LIVE_CHUNK_MS;
  uplink.start({ clip, number, started_at: Date.now() - ago, keep_from: 0, mime: 'audio/webm;codecs=opus', language: '' });
  return clip;
}

for (let number = 0; number < clips; number += 1) {                // spoken while the line was away
  const clip = started(number);
  for (let chunk = 0; chunk < chunks; chunk += 1) uplink.chunk(clip, chunk, crypto.getRandomValues(new Uint8Array(bytes)));
  uplink.end({ clip, chunks, keep_to: null, reason: 'cut' });
}

const live = started(clips);                                       // and somebody speaks on meanwhile
let liveChunks = 0;
const speaking = setInterval(() => {
  uplink.chunk(live, liveChunks, new Uint8Array(1000));
  liveChunks += 1;
}, LIVE_CHUNK_MS);

/** @type {Map<string, number>} */ let unacknowledged = new Map();
let cutsLeft = cuts;

function connect() {
  const socket = new WebSocket(address, { headers });
  unacknowledged = new Map();
  const send = (what) => {
    if (socket.readyState !== WebSocket.OPEN) return false;
    if (what instanceof Uint8Array) count(what);
    socket.send(what instanceof Uint8Array ? what : JSON.stringify(what));
    return true;
  };
  socket.addEventListener('message', ({ data }) => void hear(JSON.parse(data), send, socket));
  socket.addEventListener('close', ({ code }) => {
    uplink.disconnected();
    if (said.live) return finish();
    said.closed.push(code);
    if (code === 1000) connect();                                  // we cut it
    else finish();
  });
}

/** @param {Uint8Array} frame */
function count(frame) {
  const view = new DataView(frame.buffer, frame.byteOffset);
  const clip = Buffer.from(frame.subarray(1, 17)).toString('hex');
  unacknowledged.set(`${clip} ${view.getUint32(17)}`, frame.length);
  said.sent += frame.length;
  said.mostInFlight = Math.max(said.mostInFlight, [...unacknowledged.values()].reduce((sum, one) => sum + one, 0));
}

async function hear(event, send, socket) {
  if (event.type === 'welcome') return uplink.connected(send, event.limits);
  if (event.type === 'error' || event.type === 'clip_refused') said.errors.push(event.code);
  if (event.type === 'chunk_ack') {
    for (const number of event.numbers) unacknowledged.delete(`${event.clip.replaceAll('-', '')} ${number}`);
  }
  await uplink.hear(event);
  if (event.type !== 'clip_ack') return undefined;
  said.acknowledged += 1;
  if (event.clip === live) {
    said.live = true;
    return socket.close(1000);
  }
  if (cutsLeft && said.acknowledged >= ((cuts - cutsLeft + 1) * clips) / (cuts + 1)) {
    cutsLeft -= 1;
    return socket.close(1000);
  }
  if (said.acknowledged === clips) {
    clearInterval(speaking);
    uplink.end({ clip: live, chunks: liveChunks, keep_to: null, reason: 'stop' });
  }
  return undefined;
}

function finish() {
  console.log(JSON.stringify(said));
  process.exit(0);
}

connect();
