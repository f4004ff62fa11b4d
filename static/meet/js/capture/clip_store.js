/** Where clips outlive their page: IndexedDB. Each page has its own; those of a page that is gone go to the next one. */

const NAME = 'meet-clips';
const LOCK_TRIES = 3;
const TOO_OLD = 48 * 3_600_000;   // ms: no server takes it any more, and nobody's voice is kept for nothing

/**
 * @typedef {{started_at: number, keep_from: number}} Start  what the server must be told first
 * @typedef {{clip: string, room: string, page: string, start: Start, end: object | null, keptAt: number}} Kept
 * @typedef {{clip: string, number: number, data: Uint8Array, at: number}} KeptChunk
 * @typedef {{clip: string, start: Start, end: object | null, chunks: KeptChunk[]}} Left
 */

/** Writing returns at once. A `failed` event says, once, that this browser keeps nothing, or no more. */
export class ClipStore extends EventTarget {
  #room;
  #page = crypto.randomUUID();
  #failed = false;
  /** @type {Promise<IDBDatabase>} */ #db;

  /** @param {string} room  clips of another room are not this page's business */
  constructor(room) {
    super();
    this.#room = room;
    this.#db = this.#open();
    this.#db.catch((error) => this.#fail(error));
  }

  /** @param {string} clip @param {Start} start @param {object | null} end */
  keep(clip, start, end) {
    /** @type {Kept} */
    const kept = { clip, room: this.#room, page: this.#page, start, end, keptAt: Date.now() };
    this.#write((clips) => clips.put(kept));
  }

  /** @param {KeptChunk} chunk */
  add(chunk) { this.#write((_, chunks) => chunks.put(chunk)); }

  /** @param {string} clip */
  remove(clip) {
    this.#write((clips, chunks) => {
      clips.delete(clip);
      chunks.delete(every(clip));
    });
  }

  /** What pages that are gone have left of this room: it is this page's now; what those leave that are still open, once
   *  they are gone. @param {(left: Left[]) => void} take */
  async adopt(take) {
    try {
      const kept = await this.#kept();
      for (const { clip } of kept.filter((one) => one.keptAt < Date.now() - TOO_OLD)) this.remove(clip);
      const pages = new Set(kept.filter((one) => one.room === this.#room && one.page !== this.#page).map((one) => one.page));
      await Promise.all([...pages].map(async (page) => take(await this.#inherit(page))));
    } catch (error) {
      this.#fail(error);
    }
  }

  /** A page holds a lock of its own as long as it lives. @param {string} page @returns {Promise<Left[]>} */
  async #inherit(page) { return locked(lockOf(page), () => this.#take(page)); }

  /** @param {string} page @returns {Promise<Left[]>} */
  async #take(page) {
    const db = await this.#db;
    const kept = (await this.#kept()).filter((one) => one.room === this.#room && one.page === page);
    return Promise.all(kept.sort((a, b) => a.keptAt - b.keptAt).map(async ({ clip, start, end }) => {
      this.keep(clip, start, end);
      const chunks = db.transaction('chunks').objectStore('chunks').getAll(every(clip));
      return { clip, start, end, chunks: /** @type {KeptChunk[]} */ (await done(chunks)) };
    }));
  }

  /** @returns {Promise<Kept[]>} */
  async #kept() { return done((await this.#db).transaction('clips').objectStore('clips').getAll()); }

  async #open() {
    await new Promise((granted, refused) => {
      locked(lockOf(this.#page), () => new Promise(() => { granted(null); })).catch(refused);
    });
    const opening = indexedDB.open(NAME, 1);
    opening.onupgradeneeded = () => {
      opening.result.createObjectStore('clips', { keyPath: 'clip' });
      opening.result.createObjectStore('chunks', { keyPath: ['clip', 'number'] });
    };
    return done(opening);
  }

  /** @param {(clips: IDBObjectStore, chunks: IDBObjectStore) => unknown} work */
  #write(work) {
    this.#db.then((db) => {
      const transaction = db.transaction(['clips', 'chunks'], 'readwrite', { durability: 'relaxed' });
      transaction.onabort = () => this.#fail(transaction.error);
      work(transaction.objectStore('clips'), transaction.objectStore('chunks'));
    }).catch((error) => this.#fail(error));
  }

  /** @param {unknown} error */
  #fail(error) {
    if (this.#failed) return;
    this.#failed = true;
    console.warn('clips are kept in this page alone', error);
    this.dispatchEvent(new Event('failed'));
  }
}

/** Work under a lock. Chromium refuses now and then to call back in a page that another one opened («The provided
 *  callback is no longer runnable»): the lock is then asked for again.
 *  @template T @param {string} name @param {() => Promise<T>} work @returns {Promise<T>} */
async function locked(name, work, tries = LOCK_TRIES) {
  let begun = false;
  try {
    return await navigator.locks.request(name, () => {
      begun = true;
      return work();
    });
  } catch (error) {
    if (begun || tries === 1) throw error;
    return locked(name, work, tries - 1);
  }
}

/** @param {string} page */
const lockOf = (page) => `${NAME}-${page}`;

/** The keys of a clip's chunks. @param {string} clip */
const every = (clip) => IDBKeyRange.bound([clip], [clip, []]);

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
