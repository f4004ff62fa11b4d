/** The vocabulary of the socket, as in meet/events.py, and the frames of audio. tests/fixtures/events.json shows each. */

export const VERSION = 1;
export const HEADER_BYTES = 21;             // version, clip (16), chunk number (4, big-endian)
export const MESSAGE_BYTES = 64 * 1024;
export const IN_FLIGHT_BYTES = 256 * 1024;

export const CLIENT_TYPES = [
  'clip_start', 'clip_end', 'message', 'snapshot', 'seen', 'end_meeting', 'set_room', 'rename',
  'leave', 'share_start', 'share_stop', 'withdraw', 'unfold', 'ping',
];
export const SERVER_TYPES = [
  'welcome', 'snapshot', 'members', 'speaking', 'speakers', 'room', 'renamed', 'left', 'held', 'chunk_ack', 'clip_ack', 'clip_refused', 'caption',
  'translation', 'unsaid', 'withdrawn', 'folded', 'gap', 'message', 'engine', 'sharing', 'meeting_ended', 'tick', 'pong', 'error',
];

/**
 * @typedef {'silence' | 'cut' | 'stop' | 'leave' | 'device'} Reason
 * @typedef {{clip: string, number: number, started_at: number, keep_from: number, mime: string, language: string,
 *   speaker?: string | null}} ClipStart  speaker: the sender's shared sound, else the sender
 * @typedef {{clip: string, chunks: number, keep_to: number | null, reason: Reason}} ClipEnd
 *
 * What the server says; times are ms of Unix time by its clock.
 * @typedef {{type: 'welcome', you: string, host: boolean, next_number: number, languages: string[],
 *   limits: {message_bytes: number, in_flight_bytes: number}}} Welcome
 * @typedef {{lang: string, state: 'waiting' | 'done', text: string, provider?: string}} Translated  provider: whose words
 * @typedef {{type: 'caption', meeting: number, seq?: number, clip: string, speaker: string, name: string, started_at: number,
 *   state: 'partial' | 'final', revision: number, lang: string, text: string, translations?: Translated[],
 *   folded_into?: string | null, gaps?: [number, number][]}} Caption  gaps: speech without words, ms from its start
 * @typedef {{type: 'translation', meeting: number, seq: number, clip: string, revision: number, lang: string,
 *   state: 'waiting' | 'done', text: string, provider?: string}} Translation
 * @typedef {{type: 'unsaid', meeting: number, seq: number, clip: string}} Unsaid
 * @typedef {{type: 'withdrawn', meeting: number, seq?: number, clip: string, speaker: string, name: string,
 *   started_at: number, withdrawn_at: number}} Withdrawn
 * @typedef {{type: 'folded', meeting: number, seq: number, clip: string, into: string | null}} FoldedEvent
 * @typedef {{type: 'gap', meeting: number, seq: number, clip: string, speaker: string, name: string, started_at: number,
 *   reason: string}} Gap
 * @typedef {{type: 'message', meeting: number, seq: number, id: string, participant: string, name: string, sent_at: number,
 *   text: string}} Message
 * @typedef {{type: 'snapshot', meeting: number | null, seq: number, captions: (Caption | Gap | Withdrawn)[], messages: Message[],
 *   more: boolean, more_messages: boolean}} Snapshot  more: there are older ones
 * @typedef {{id: string, name: string, host: boolean, shared_by?: string | null}} Member  shared_by: whose sound it is
 * @typedef {{type: 'members', members: Member[]}} Members
 * @typedef {{type: 'speaking', participant: string, speaking: boolean}} Speaking
 * @typedef {{type: 'speakers', participants: string[]}} Speakers  all who speak now
 * @typedef {{type: 'room', name: string, listed: boolean, languages: string[]}} Room  no languages: every one
 * @typedef {{type: 'renamed', meeting?: number, seq?: number, participant: string, name: string}} Renamed
 * @typedef {{type: 'left', participant: string}} Left
 * @typedef {{type: 'held', clip: string, ranges: [number, number][]}} Held
 * @typedef {{type: 'chunk_ack', clip: string, numbers: number[]}} ChunkAck
 * @typedef {{type: 'clip_ack', clip: string}} ClipAck
 * @typedef {{type: 'clip_refused', clip: string, code: string, message: string}} ClipRefused
 * @typedef {{type: 'engine', state: 'ready' | 'loading' | 'away', model: string, demo: boolean,
 *   languages: string[]}} Engine
 * @typedef {{type: 'sharing', participant: string, next_number: number}} Sharing
 * @typedef {{type: 'meeting_ended', meeting?: number}} MeetingEnded
 * @typedef {{type: 'tick', meeting: number, seq: number}} Tick
 * @typedef {{type: 'pong', sent_at: number, server_at: number}} Pong
 * @typedef {{type: 'error', code: string, message: string, clip?: string, retry_after?: number}} ServerError  in s
 * @typedef {Welcome | Snapshot | Members | Speaking | Speakers | Room | Renamed | Left | Held | ChunkAck | ClipAck | ClipRefused | Caption | Translation |
 *   Unsaid | Withdrawn | FoldedEvent | Gap | Message | Engine | Sharing | MeetingEnded | Tick | Pong | ServerError} ServerEvent
 */

/** @param {ClipStart} clip */
export const clipStart = ({ clip, number, started_at, keep_from, mime, language, speaker }) =>
  ({ type: 'clip_start', clip, number, started_at, keep_from, mime, language, ...(speaker ? { speaker } : {}) });

/** @param {ClipEnd} end */
export const clipEnd = ({ clip, chunks, keep_to, reason }) => ({ type: 'clip_end', clip, chunks, keep_to, reason });

/** @param {string} id @param {string} text */
export const message = (id, text) => ({ type: 'message', id, text });

export const snapshot = () => ({ type: 'snapshot' });

/** @param {number} seq */
export const seen = (seq) => ({ type: 'seen', seq });

export const endMeeting = () => ({ type: 'end_meeting' });

/** @param {{name: string, listed: boolean, languages: string[]}} wanted */
export const setRoom = ({ name, listed, languages }) => ({ type: 'set_room', name, listed, languages });

/** @param {string} name */
export const rename = (name) => ({ type: 'rename', name });

export const leave = () => ({ type: 'leave' });

/** @param {string} language  of the page, in which the shared sound gets its name */
export const shareStart = (language) => ({ type: 'share_start', language });

export const shareStop = () => ({ type: 'share_stop' });

/** @param {string} clip */
export const withdraw = (clip) => ({ type: 'withdraw', clip });

/** @param {string} clip */
export const unfold = (clip) => ({ type: 'unfold', clip });

/** @param {number} sentAt */
export const ping = (sentAt) => ({ type: 'ping', sent_at: sentAt });

/** A text frame of the server; null where it is of a type that this page does not know yet.
 *  @param {string} text @returns {ServerEvent | null} */
export function read(text) {
  const event = JSON.parse(text);
  return SERVER_TYPES.includes(event.type) ? event : null;
}

/** A binary frame. @param {string} clip  its UUID @param {number} number @param {Uint8Array} data @returns {Uint8Array<ArrayBuffer>} */
export function frame(clip, number, data) {
  const bytes = new Uint8Array(HEADER_BYTES + data.length);
  bytes[0] = VERSION;
  const hex = clip.replaceAll('-', '');
  for (let i = 0; i < 16; i += 1) bytes[1 + i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  new DataView(bytes.buffer).setUint32(17, number);
  bytes.set(data, HEADER_BYTES);
  return bytes;
}

/** What ranges hold. @param {[number, number][]} ranges  both ends belong to it @returns {number[]} */
export function numbers(ranges) {
  return ranges.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, i) => first + i));
}
