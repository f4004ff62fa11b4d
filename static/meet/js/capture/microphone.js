/** The microphone: asking for it, which ones there are, and what can go wrong with it, in codes. */

/** @typedef {'refused' | 'missing' | 'busy' | 'insecure' | 'unsupported' | 'taken-away' | 'muted' | 'vad' | 'recorder' |
 *    'no-sound' | 'share-refused' | 'share-failed' | 'share-silent'} Code */

/** Why nothing can be recorded. */
export class MicrophoneError extends Error {
  /** @param {Code} code @param {unknown} [cause] */
  constructor(code, cause) {
    super(`microphone: ${code}`, { cause });
    this.name = 'MicrophoneError';
    this.code = code;
  }
}

/** @type {Record<string, Code>} */
const CODES = {
  NotAllowedError: 'refused',
  SecurityError: 'refused',
  NotFoundError: 'missing',
  OverconstrainedError: 'missing',
  NotReadableError: 'busy',
  AbortError: 'busy',
};

/**
 * @typedef {object} Wishes
 * @property {string} [deviceId]  any microphone where left out
 * @property {boolean} [noiseSuppression]
 * @property {boolean} [autoGainControl]
 */

/** @param {Wishes} wishes @returns {MediaTrackConstraints} */
export function constraints({ deviceId, noiseSuppression = false, autoGainControl = false }) {
  return {
    ...(deviceId ? { deviceId: { exact: deviceId } } : {}),
    channelCount: 1,
    echoCancellation: true,
    noiseSuppression,
    autoGainControl,
  };
}

/** Asks for the microphone. Rejects with MicrophoneError. @param {Wishes} wishes @returns {Promise<MediaStream>} */
export async function openMicrophone(wishes) {
  if (!window.isSecureContext) throw new MicrophoneError('insecure');
  if (!navigator.mediaDevices?.getUserMedia || !window.AudioWorkletNode || !window.MediaRecorder) {
    throw new MicrophoneError('unsupported');
  }
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: constraints(wishes) });
  } catch (error) {
    throw new MicrophoneError(CODES[/** @type {Error} */ (error).name] ?? 'unsupported', error);
  }
}

/** The microphones of this machine. They have names only once one of them was allowed.
 *  @returns {Promise<{deviceId: string, label: string}[]>} */
export async function microphones() {
  const devices = await navigator.mediaDevices?.enumerateDevices() ?? [];
  return devices.filter((one) => one.kind === 'audioinput').map(({ deviceId, label }) => ({ deviceId, label }));
}
