"""Media files: permission checks and byte ranges for the files below media/, sent in pieces."""

import asyncio
import mimetypes
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

from meet.models import Meeting
from meet.orm_pool import pooled
from meet.record import record
from meet.rooms import rooms

PIECE = 64 * 1024
_RANGE = re.compile(r"bytes=(\d*)-(\d*)", re.ASCII)

# what the system's table lacks or names in ways that browsers do not play
TYPES = {
    ".txt": "text/plain; charset=utf-8",
    ".flac": "audio/flac",
    ".webm": "audio/webm",
    ".m4a": "audio/mp4",
    ".mp4": "audio/mp4",
    ".ogg": "audio/ogg",
    ".wav": "audio/wav",
}


class NotFound(LookupError):
    """Raised for a file that does not exist or is not this reader's: not told apart, so that nobody can probe paths."""


class RangeNotSatisfiable(ValueError):
    """The part that is asked for lies beyond the end."""


@dataclass(frozen=True)
class StoredFile:
    """A file that may be served: its size, and a tag that changes with its content."""

    path: Path
    size: int
    tag: str

    @property
    def type(self) -> str:
        """Its media type."""
        known = TYPES.get(self.path.suffix.lower())
        return known or mimetypes.guess_type(self.path.name)[0] or "application/octet-stream"


@pooled
def find(path: str, user: AbstractBaseUser | AnonymousUser, session: rooms.Session) -> StoredFile:
    """The file at `<room>/<meeting>/…` for staff, and for those who took part in that meeting. Raises NotFound."""
    steps = path.split("/")
    if len(steps) < 3 or any(not step or step.startswith(".") or "\\" in step or "\0" in step for step in steps):
        raise NotFound(path)
    meeting = Meeting.objects.filter(room__slug=steps[0], folder=steps[1]).select_related("room").first()
    if meeting is None or not record.open_to(meeting, user, session):
        raise NotFound(path)
    return _stored(settings.MEDIA_ROOT / steps[0] / steps[1], steps[2:])


def _stored(folder: Path, steps: list[str]) -> StoredFile:
    try:
        path = folder.joinpath(*steps).resolve(strict=True)
        if not path.is_relative_to(folder.resolve()) or not path.is_file():
            raise NotFound(path.name)
        facts = path.stat()
    except OSError:
        raise NotFound(steps[-1]) from None
    return StoredFile(path, facts.st_size, f'"{facts.st_mtime_ns:x}-{facts.st_size:x}"')


def part(header: str, size: int) -> range | None:
    """The bytes a Range header asks for (RFC 9110, 14.2); None: the whole. Raises RangeNotSatisfiable.

    More than one range, or a header that makes no sense, is answered with the whole, as the RFC allows.
    """
    match = _RANGE.fullmatch(header.strip())
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        length = min(int(last), size)
        if not length:
            raise RangeNotSatisfiable(header)
        return range(size - length, size)
    if last and int(last) < int(first):
        return None
    if int(first) >= size:
        raise RangeNotSatisfiable(header)
    return range(int(first), min(int(last) + 1, size) if last else size)


async def pieces(path: Path, span: range) -> AsyncIterator[bytes]:
    """A part of a file, piece by piece. Ends early where the file has become shorter."""
    file = await asyncio.to_thread(path.open, "rb")
    try:
        await asyncio.to_thread(file.seek, span.start)
        left = len(span)
        while left and (data := await asyncio.to_thread(file.read, min(PIECE, left))):
            left -= len(data)
            yield data
    finally:
        file.close()
