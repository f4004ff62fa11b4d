"""Transcript files: combo_, TW_, CN_, EN_ and JP_combo_, and a text beside each clip. Always written whole."""

import asyncio
import contextlib
import logging
import os
import time
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import F, Q
from django.utils import timezone

from meet.models import Clip, Meeting, Translation
from meet.orm_pool import pooled
from meet.record import record
from meet.record.record import Line

PAUSE = timedelta(seconds=2)  # between two writings of a meeting's files
REST = 5  # times as long as the writing took, where that is more
LEASE = timedelta(seconds=20)
MOST_KNOWN = 32  # meetings of which it is remembered what lies beside their clips
WRITING = ".writing-"
NAME_BYTES = 180  # of a room's address in a file's name: file systems allow 255 in all

# a file's prefix, and the language it is in; none: as spoken
FILES = {"": None, "TW_": "zh-Hant", "CN_": "zh-Hans", "EN_": "en", "JP_": "ja"}

# said in the file's own language, not the reader's: a file has one content, whoever asks for it
WAITING = {"zh-Hant": "待翻譯", "zh-Hans": "待翻译", "en": "translation waiting", "ja": "翻訳待ち"}
UNTRANSLATED = {"zh-Hant": "未翻譯", "zh-Hans": "未翻译", "en": "not translated", "ja": "未翻訳"}
WITHDRAWN = {None: "withdrawn", "zh-Hant": "已收回", "zh-Hans": "已收回", "en": "withdrawn", "ja": "取り消されました"}
UNHEARD = " […]"
LOST = {
    None: "speech that could not be understood",
    "zh-Hant": "無法辨識的一段話",
    "zh-Hans": "无法识别的一段话",
    "en": "speech that could not be understood",
    "ja": "認識できなかった発言",
}

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Transcript:
    """All that goes into a meeting's files, read at one moment; before, they `held` everything up to that number."""

    folder: Path
    stem: str
    started_at: datetime
    seq: int
    held: int
    lines: tuple[Line, ...]


def name_of(meeting: Meeting) -> str:
    """What the names of a meeting's files have in common: the room's address and the start, local time."""
    slug = meeting.room.slug.encode()
    short = slug if len(slug) <= NAME_BYTES else slug[-NAME_BYTES:]  # the end of it is what is unique
    start = timezone.localtime(meeting.started_at).strftime("%Y%m%d-%H%M%S")
    return f"combo_{short.decode(errors='ignore')}_{start}"


def render(lines: tuple[Line, ...], language: str | None, started_at: datetime) -> str:
    """One file's content: `[time] speaker: text`, with the date where a line is of another day than the start."""
    day = timezone.localtime(started_at).date()
    shown = (line for line in lines if line.folded_into is None)  # the same voice stands there once
    spoken = (line for line in shown if line.text or line.state in (Clip.State.FAILED, Clip.State.WITHDRAWN))
    return "".join(f"[{_time(line, day)}] {line.speaker}: {_said(line, language)}\n" for line in spoken)


def render_clip(line: Line) -> str:
    """The text beside a clip's audio: when, who, and the line in every language there is."""
    head = f"[{timezone.localtime(line.started_at):%Y-%m-%d %H:%M:%S}] {line.speaker}\n"
    if not line.text:
        return head + (f"({LOST[None]})\n" if line.state == Clip.State.FAILED else "(no speech)\n")
    spoken = line.spoken_in()
    others = (tag for tag in settings.TRANSLATE_TO if tag != spoken)
    return head + "".join(f"{tag}: {_said(line, tag)}\n" for tag in (spoken, *others))


def _time(line: Line, day: object) -> str:
    at = timezone.localtime(line.started_at)
    return at.strftime("%H:%M:%S" if at.date() == day else "%Y-%m-%d %H:%M:%S")


def _said(line: Line, language: str | None) -> str:
    """A line in a language; as spoken where `language` is None. Speech in it without words is marked at its end."""
    return _text(line, language) + (UNHEARD if line.text and line.unheard else "")


def _text(line: Line, language: str | None) -> str:
    """What is not there yet stands as spoken, marked."""
    spoken = line.into(line.spoken_in()) or ""
    if line.state == Clip.State.WITHDRAWN:
        return f"({WITHDRAWN[language]})"
    if not line.text:
        length = "" if line.seconds is None else f", {line.seconds:.0f} s"
        return f"({LOST[language]}{length})"
    if language is None:
        return spoken
    text = line.into(language)
    if text is None:
        return f"({UNTRANSLATED.get(language, 'not translated')}) {spoken}"
    return text or f"({WAITING.get(language, 'translation waiting')}) {spoken}"


def read(meeting: Meeting) -> Transcript:
    """All that a meeting's files say. Its `seq` is read first: what comes later makes them due again."""
    seq, held = Meeting.objects.values_list("seq", "files_seq").get(pk=meeting.pk)
    folder = settings.MEDIA_ROOT / meeting.room.slug / meeting.folder
    return Transcript(folder, name_of(meeting), meeting.started_at, seq, held, tuple(record.lines(meeting)))


def write(sheet: Transcript, known: dict[uuid.UUID, Line]) -> None:
    """Put the files on disk, each whole or not at all. `known` is what this process last wrote beside each clip."""
    beside = sheet.folder / "clips"
    beside.mkdir(parents=True, exist_ok=True)
    if not known:
        _clear(sheet.folder, beside)
    for prefix, language in FILES.items():
        put(sheet.folder / f"{prefix}{sheet.stem}.txt", render(sheet.lines, language, sheet.started_at))
    for line in sheet.lines:
        if known.get(line.clip) != line and line.state != Clip.State.WITHDRAWN:
            put(_beside(line), render_clip(line))
            known[line.clip] = line


def put(path: Path, text: str, *, over: bool = True) -> None:
    """Write a file whole: under another name, to the disk, then in its place; `over` an older one or not at all."""
    data = text.encode()
    with contextlib.suppress(FileNotFoundError):
        size = path.stat().st_size
        if not over or (size == len(data) and path.read_bytes() == data):
            return
    fresh = path.with_name(f"{WRITING}{uuid.uuid4().hex}")
    try:
        with fresh.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def _beside(line: Line) -> Path:
    path: Path = settings.MEDIA_ROOT / line.sound
    return path.with_suffix(".txt")


def _clear(*folders: Path) -> None:
    """Remove what a killed process was writing: nobody else has the meeting's lease now."""
    for folder in folders:
        for path in folder.glob(f"{WRITING}*"):
            path.unlink(missing_ok=True)


def _take(meeting_id: int, until: datetime, now: datetime) -> Transcript | None:
    free = Q(files_lease_until=None) | Q(files_lease_until__lte=now)
    if not Meeting.objects.filter(free, pk=meeting_id).update(files_lease_until=until):
        return None
    return read(Meeting.objects.select_related("room").get(pk=meeting_id))


def _give_back(meeting_id: int, lease: datetime, seq: int, free_at: datetime) -> None:
    mine = Meeting.objects.filter(pk=meeting_id, files_lease_until=lease)
    if not mine.update(files_seq=seq, files_lease_until=free_at):
        # the lease ran out: somebody else may have written more, and been overwritten. All is due again
        Meeting.objects.filter(pk=meeting_id).update(files_seq=0)


@pooled
def due(now: datetime) -> list[int]:
    """Meetings with something the files do not hold, and nobody at work on them."""
    free = Q(files_lease_until=None) | Q(files_lease_until__lte=now)
    return list(Meeting.objects.filter(free, seq__gt=F("files_seq")).values_list("pk", flat=True))


@pooled
def doubt_waiting() -> None:
    """Have the files written again that may mark lines as waiting: who translates may be another since they were."""
    Meeting.objects.filter(captions__translations__state=Translation.State.WAITING).update(files_seq=0)


take = pooled(_take)
give_back = pooled(_give_back)


def rebuild(meeting_id: int) -> int:
    """Write a meeting's files from the database, in turn with whoever else writes them; how many clips they hold."""
    while True:
        now = timezone.now()
        sheet = _take(meeting_id, now + LEASE, now)
        if sheet is not None:
            write(sheet, {})
            _give_back(meeting_id, now + LEASE, sheet.seq, timezone.now())
            return len(sheet.lines)
        time.sleep(0.2)  # a lease ends, by itself if need be


class TranscriptWriter:
    """This process's part in writing the files."""

    def __init__(self) -> None:
        self._known: dict[int, WrittenTexts] = {}
        self._begun = False

    async def write_due(self) -> None:
        """Write the files of the meetings that have something new; after a start, those with something waiting too."""
        if not self._begun:
            await doubt_waiting()
            self._begun = True
        for meeting_id in await due(timezone.now()):
            try:
                await self._write(meeting_id)
            except OSError as error:
                # a full or read-only disk: the lease runs out, and the files are tried again
                logger.error("the files of meeting %s could not be written: %s", meeting_id, error.strerror)

    async def _write(self, meeting_id: int) -> None:
        began, now = time.monotonic(), timezone.now()
        lease = now + LEASE
        sheet = await take(meeting_id, lease, now)
        if sheet is None:
            return
        known = self._known.pop(meeting_id, None)
        if known is None or known.seq != sheet.held:
            known = WrittenTexts(sheet.seq, {})  # somebody else wrote since: what lies on disk is looked at
        await asyncio.to_thread(write, sheet, known.beside)
        self._known = dict([*self._known.items(), (meeting_id, WrittenTexts(sheet.seq, known.beside))][-MOST_KNOWN:])
        rest = timedelta(seconds=REST * (time.monotonic() - began))
        await give_back(meeting_id, lease, sheet.seq, timezone.now() + max(PAUSE, rest))


@dataclass(frozen=True)
class WrittenTexts:
    """What this process wrote beside a meeting's clips; true as long as the files hold the same `seq`."""

    seq: int
    beside: dict[uuid.UUID, Line]


_writer = TranscriptWriter()


async def write_due() -> None:
    """Write the files of the meetings that have something new, each at most every two seconds."""
    await _writer.write_due()


async def write_beside(clip_id: uuid.UUID) -> None:
    """Write the text beside a clip that nothing was heard in: no event tells of it, so no other writing would come."""
    line = await _line(clip_id)
    if line.state == Clip.State.WITHDRAWN:
        return
    path = _beside(line)
    await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
    await asyncio.to_thread(put, path, render_clip(line), over=False)


_line = pooled(record.line)
