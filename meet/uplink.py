"""One connection's clips on their way to disk: what is open, what is held, what may be acknowledged."""

import asyncio
import uuid
from collections.abc import Iterable

from meet import clips
from meet.events import BadEvent, Chunk, ClipEnd, ClipStart
from meet.parts import PartFile


class _Open:
    """A clip this connection sends: the numbers on disk, from whichever connection, and its own part file."""

    def __init__(self, held: set[int]) -> None:
        self.held = held
        self.chunks: int | None = None
        self.file: PartFile | None = None


class Uplink:
    """Takes one participant's audio events in their order. Nothing here knows of sockets or of captions."""

    def __init__(self, participant: uuid.UUID) -> None:
        self._participant = participant
        self._connection = uuid.uuid4()
        self._open: dict[uuid.UUID, _Open] = {}

    async def start(self, event: ClipStart) -> set[int]:
        """Open a clip, or take it up again; the chunk numbers on disk. Raises clips.Refused."""
        held = await clips.open_clip(event, self._participant)
        known = self._open.setdefault(event.clip, _Open(held))
        known.held |= held
        return known.held

    def checked(self, chunk: Chunk) -> Chunk:
        """A chunk of a clip that is open here. Raises BadEvent."""
        self._known(chunk.clip)
        return chunk

    async def chunks(self, arrived: Iterable[Chunk]) -> dict[uuid.UUID, list[int]]:
        """Write chunks to disk; per clip the numbers that may be acknowledged now. Raises OSError."""
        by_clip: dict[uuid.UUID, list[Chunk]] = {}
        for chunk in arrived:
            by_clip.setdefault(chunk.clip, []).append(chunk)
        for clip, chunks in by_clip.items():
            fresh = [(c.number, c.data) for c in chunks if c.number not in self._open[clip].held]
            if fresh:
                await self._write(clip, fresh)
        return {clip: sorted({c.number for c in chunks}) for clip, chunks in by_clip.items()}

    async def end(self, event: ClipEnd) -> None:
        """The clip's end: how many chunks it has, and where its kept speech ends. Raises BadEvent."""
        known = self._known(event.clip)
        known.chunks = event.chunks
        await clips.end(event)

    async def whole(self, clip: uuid.UUID) -> bool:
        """Whether everything of an ended clip is on disk, so that the browser may forget it."""
        known = self._open[clip]
        if known.chunks is None or len(known.held) < known.chunks or not await clips.receive_if_whole(clip):
            return False
        if known.file is not None:
            known.file.close()
        del self._open[clip]
        return True

    def close(self) -> None:
        """The connection is gone; what it brought stays."""
        for known in self._open.values():
            if known.file is not None:
                known.file.close()
        self._open.clear()

    def _known(self, clip: uuid.UUID) -> _Open:
        known = self._open.get(clip)
        if known is None:
            raise BadEvent("unknown_clip", "Audio of a clip that was not opened here.", clip=str(clip))
        return known

    async def _write(self, clip: uuid.UUID, fresh: list[tuple[int, bytes]]) -> None:
        known = self._open[clip]
        if known.file is None:
            await clips.reopen(clip)  # nothing happens to one that is open
            known.file = await asyncio.to_thread(PartFile, clips.folder(clip), self._connection)
        await asyncio.to_thread(known.file.append, fresh)
        known.held.update(number for number, _data in fresh)
