"""Uplink of one connection: open clips, stored chunks, and what can be acknowledged."""

import asyncio
import math
import time
import uuid
from collections.abc import Iterable

from meet.clips import clips
from meet.clips.part_files import PartFile
from meet.events import CLIP_BYTES, BadEvent, Chunk, ClipEnd, ClipStart
from meet.socket import rate_limit

MOST_OPEN = 2000  # clips at once; hours without a line are some hundreds
STALE_SECONDS = 20  # well before clips.UNHEARD_AFTER: until then nobody has closed the clip behind our back


_begun = rate_limit.RateLimiter(rate_limit.CLIPS)


class _Open:
    """A clip this connection sends: the numbers on disk, from whichever connection, and its own part file."""

    def __init__(self, speaker: uuid.UUID, held: set[int], size: int) -> None:
        self.speaker = speaker
        self.held = held
        self.size = size
        self.chunks: int | None = None
        self.file: PartFile | None = None
        self.written_at = -math.inf


class Uplink:
    """Takes one participant's audio events in their order. Nothing here knows of sockets or of captions."""

    def __init__(self, participant: uuid.UUID) -> None:
        self._participant = participant
        self._connection = uuid.uuid4()
        self._open: dict[uuid.UUID, _Open] = {}
        self._refused: list[clips.ClipRefused] = []

    async def start(self, event: ClipStart) -> set[int]:
        """Open a clip, or take it up again; the chunk numbers on disk. Raises BadEvent, ClipRefused."""
        if event.clip not in self._open:
            if len(self._open) >= MOST_OPEN:
                raise self._too_many(event.clip, f"At most {MOST_OPEN} clips may be open.", limit=MOST_OPEN)
            if not await clips.known(event.clip) and (wait := _begun.spend(self._participant, time.monotonic())):
                raise self._too_many(event.clip, "More clips than fit into this time.", retry_after=wait)
        held, size = await clips.open_clip(event, self._participant)
        known = self._open.setdefault(event.clip, _Open(event.speaker or self._participant, held, size))
        known.held |= held
        return known.held

    def checked(self, chunk: Chunk) -> Chunk:
        """A chunk of a clip that is open here and has room for it. Raises BadEvent, ClipRefused."""
        known = self._known(chunk.clip)
        known.size += len(chunk.data)
        if known.size > CLIP_BYTES:
            del self._open[chunk.clip]  # what came so far goes its way, cut short
            raise clips.ClipRefused(chunk.clip, "clip_too_large", f"A clip may hold {CLIP_BYTES} bytes.")
        return chunk

    def holds(self, chunk: Chunk) -> bool:
        """Whether a chunk of a clip that is open here is on disk already."""
        return chunk.number in self._open[chunk.clip].held

    async def chunks(self, arrived: Iterable[Chunk]) -> dict[uuid.UUID, list[int]]:
        """Write chunks to disk; per clip the numbers that may be acknowledged now. Raises OSError."""
        by_clip: dict[uuid.UUID, list[Chunk]] = {}
        for chunk in arrived:
            if chunk.clip in self._open:  # else it grew too large with one of these, and none of them is kept
                by_clip.setdefault(chunk.clip, []).append(chunk)
        taken: dict[uuid.UUID, list[int]] = {}
        for clip, chunks in by_clip.items():
            fresh = [(c.number, c.data) for c in chunks if c.number not in self._open[clip].held]
            try:
                if fresh:
                    await self._write(clip, fresh)
            except clips.ClipRefused as why:
                self._drop(why)
            else:
                taken[clip] = sorted({c.number for c in chunks})
        return taken

    def refused(self) -> list[clips.ClipRefused]:
        """The clips that turned out to be withdrawn or deleted while they were sent; each is told once."""
        told, self._refused = self._refused, []
        return told

    async def end(self, event: ClipEnd) -> None:
        """The clip's end: how many chunks it has, and where its kept speech ends. Raises BadEvent."""
        known = self._known(event.clip)
        known.chunks = event.chunks
        await clips.end(event)

    def speaker(self, clip: uuid.UUID) -> uuid.UUID:
        """Who speaks in a clip that is open here. Raises BadEvent."""
        return self._known(clip).speaker

    async def whole(self, clip: uuid.UUID) -> bool:
        """Whether everything of an ended clip is on disk, so that the browser may forget it."""
        known = self._open[clip]
        try:
            if known.chunks is None or len(known.held) < known.chunks or not await clips.receive_if_whole(clip):
                return False
        except clips.ClipRefused as why:
            self._drop(why)
            return False
        del self._open[clip]
        return True

    @staticmethod
    def _too_many(clip: uuid.UUID, words: str, **details: float) -> BadEvent:
        """The browser keeps the clip and opens it again; it never has so many open by itself."""
        return BadEvent("too_many_clips", words, clip=str(clip), **details)

    def _drop(self, why: clips.ClipRefused) -> None:
        self._refused.append(why)
        del self._open[why.clip]

    def _known(self, clip: uuid.UUID) -> _Open:
        known = self._open.get(clip)
        if known is None:
            raise BadEvent("unknown_clip", "Audio of a clip that was not opened here.", clip=str(clip))
        return known

    async def _write(self, clip: uuid.UUID, fresh: list[tuple[int, bytes]]) -> None:
        known = self._open[clip]
        if time.monotonic() - known.written_at > STALE_SECONDS:
            await clips.reopen(clip)  # no-op if it is still open
        if known.file is None:
            known.file = await asyncio.to_thread(PartFile, clips.folder(clip), self._connection)
        try:
            await asyncio.to_thread(known.file.append, fresh)
        except FileNotFoundError:
            await clips.reopen(clip)  # says so where it was withdrawn from elsewhere, and its folder with it
            raise
        known.written_at = time.monotonic()
        known.held.update(number for number, _data in fresh)
