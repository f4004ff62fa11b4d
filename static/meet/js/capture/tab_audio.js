/** The sound of another tab or of the whole computer: asking for it, where the browser can give it. */

import { MicrophoneError } from './microphone.js';

/** As it is: what comes out of a call is clean already, and it is still heard where it is played. The computer's whole
 *  sound is offered too; this page itself, which makes none, is not. */
const WISHES = {
  video: true,                // no browser gives the sound alone; the picture is stopped at once
  audio: { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: false, suppressLocalAudioPlayback: false },
  systemAudio: 'include',
  selfBrowserSurface: 'exclude',
  surfaceSwitching: 'include',
};

/** Firefox and Safari share pictures only, phones nothing. This constraint goes with the sound. */
export function canShareSound() {
  const known = /** @type {Record<string, boolean | undefined>} */ (navigator.mediaDevices?.getSupportedConstraints() ?? {});
  return Boolean(known.suppressLocalAudioPlayback && 'getDisplayMedia' in navigator.mediaDevices);
}

/** Asks which sound is to be shared; only from a press of a button. Rejects with MicrophoneError.
 *  @returns {Promise<MediaStream>}  sound alone */
export async function openSharedSound() {
  const stream = await navigator.mediaDevices.getDisplayMedia(WISHES).catch((error) => {
    throw new MicrophoneError(error.name === 'NotAllowedError' ? 'share-refused' : 'share-failed', error);
  });
  for (const track of stream.getVideoTracks()) track.stop();
  if (!stream.getAudioTracks().length) throw new MicrophoneError('share-silent');
  return new MediaStream(stream.getAudioTracks());
}
