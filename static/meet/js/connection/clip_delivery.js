/** What one capture records goes to the uplink. */

/**
 * @param {import('../capture/capture.js').Capture} capture
 * @param {import('./uplink.js').Uplink} uplink
 * @param {() => {language: string, speaker?: string | null}} about  in which language, and who, if not the sender
 */
export function deliver(capture, uplink, about) {
  /** @param {string} type @param {(detail: any) => void} hear */
  const on = (type, hear) => capture.addEventListener(type, (event) => hear(/** @type {CustomEvent} */ (event).detail));
  on('clip-start', ({ clip, number, startedAt, keepFrom, mime }) => uplink.start({
    clip, number, started_at: startedAt, keep_from: Math.round(keepFrom), mime, ...about(),
  }));
  on('chunk', ({ clip, number, data, at }) => uplink.chunk(clip, number, data, at));
  on('clip-end', ({ clip, chunks, keepTo, reason }) => uplink.end({
    clip, chunks, keep_to: keepTo === null ? null : Math.round(keepTo), reason,
  }));
}
