"""Recording of a whole meeting: all clips on one time line, mixed after it ends and again when clips change."""

import asyncio
import hashlib
import json
import logging
import subprocess
import sys
import tempfile
import time
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from meet import event_numbers
from meet.models import Clip, Meeting
from meet.orm_pool import pooled
from meet.record import transcript_files
from meet.record.mixing_worker import SAMPLE_RATE, MixedRecording, PlacedClip

LEASE = timedelta(seconds=20)  # renewed while the work goes on
RENEW_SECONDS = 6
PAUSE = timedelta(seconds=10)  # between two makings
AFTER_FAILURE = timedelta(minutes=5)
PENDING_FOR = timedelta(minutes=1)  # clips so young that are not written yet are waited for
LOOK_SECONDS = 0.1  # between two looks at the mixing process

logger = logging.getLogger(__name__)


class RecordingFailed(Exception):
    """The recording could not be made this time; the message says why."""

    retryable = True


@dataclass(frozen=True)
class MixPlan:
    """What a meeting's recording is to hold, read at one moment, and whether the file already holds just that."""

    target: Path
    seq: int
    clips: tuple[PlacedClip, ...]
    made_of: str
    made: bool


def path_of(meeting: Meeting) -> Path:
    """Where a meeting's recording lies, once it is there: beside its other files, under the same name."""
    folder: Path = settings.MEDIA_ROOT / meeting.room.slug / meeting.folder
    return folder / f"{transcript_files.name_of(meeting)}.flac"


def expected(meeting: Meeting) -> bool:
    """Whether the meeting is over and its recording not made yet, or not anew since its sound changed."""
    return meeting.ended_at is not None and meeting.recording_seq is None


@pooled
def due(now: datetime) -> list[int]:
    """Ended meetings that changed since, of which nobody makes the recording and all sound is on disk."""
    free = Q(recording_lease_until=None) | Q(recording_lease_until__lte=now)
    changed = Q(recording_seq=None) | Q(seq__gt=F("recording_seq"))
    under_way = Q(state__in=(Clip.State.RECEIVING, Clip.State.RECEIVED)) | Q(audio="", duration_ms=None)
    young = Clip.objects.filter(under_way, meeting=OuterRef("pk"), opened_at__gt=now - PENDING_FOR)
    pending = Exists(young.exclude(state=Clip.State.WITHDRAWN))
    ended = Meeting.objects.filter(free, changed, ~pending, ended_at__isnull=False)
    return list(ended.order_by("ended_at").values_list("pk", flat=True))


@pooled
def _take(meeting_id: int, until: datetime, now: datetime) -> MixPlan | None:
    """The plan, with the lease; None where somebody else has that."""
    free = Q(recording_lease_until=None) | Q(recording_lease_until__lte=now)
    ended = Meeting.objects.filter(free, pk=meeting_id, ended_at__isnull=False)
    if not ended.update(recording_lease_until=until):
        return None
    return _plan(Meeting.objects.select_related("room").get(pk=meeting_id))


def _plan(meeting: Meeting) -> MixPlan:
    """`seq` stands in the row that was read before the clips: what comes later makes the meeting due again."""
    rows = list(
        Clip.objects.filter(meeting=meeting)
        .exclude(Q(audio="") | Q(state=Clip.State.WITHDRAWN) | Q(caption__folded_into__isnull=False))
        .order_by("started_at", "pk")
        .values_list("pk", "started_at", "audio", "version")
    )
    begin = min([meeting.started_at, *(row[1] for row in rows)])
    clips = tuple(
        PlacedClip(str(pk), str(settings.MEDIA_ROOT / audio), round((started_at - begin).total_seconds() * SAMPLE_RATE))
        for pk, started_at, audio, _version in rows
    )
    versions = [row[3] for row in rows]
    facts = json.dumps([begin.isoformat(), [(astuple(clip), n) for clip, n in zip(clips, versions, strict=True)]])
    made_of = hashlib.sha256(facts.encode()).hexdigest()
    target = path_of(meeting)
    made = meeting.recording_made_of == made_of and (target.exists() or not clips)
    return MixPlan(target, meeting.seq, clips, made_of, made)


@pooled
def _renew(meeting_id: int, lease: datetime, until: datetime) -> bool:
    mine = Meeting.objects.filter(pk=meeting_id, recording_lease_until=lease)
    return bool(mine.update(recording_lease_until=until))


@pooled
def _give_back(meeting_id: int, lease: datetime, plan: MixPlan, free_at: datetime) -> None:
    """The plan is carried out. What changed meanwhile, or was overwritten by others, is due again."""
    with transaction.atomic():
        event_numbers.hold(meeting_id)  # whoever writes a clip's sound marks the meeting afterwards, and waits here
        meeting = Meeting.objects.select_related("room").filter(pk=meeting_id).first()
        if meeting is None:
            return
        mine = meeting.recording_lease_until == lease
        now = _plan(meeting)
        same = mine and now.made_of == plan.made_of
        if {clip.clip for clip in plan.clips} - {clip.clip for clip in now.clips}:
            plan.target.unlink(missing_ok=True)  # somebody withdrew theirs meanwhile: nobody hears it till the next one
        Meeting.objects.filter(pk=meeting_id).update(
            recording_made_of=plan.made_of if mine else "",
            recording_seq=plan.seq if same else None,
            **({"recording_lease_until": free_at} if mine else {}),
        )


@pooled
def forget(meeting_id: int) -> None:
    """Have the recording made anew, whatever it holds."""
    Meeting.objects.filter(pk=meeting_id).update(recording_seq=None, recording_made_of="")


async def make_due() -> None:
    """Make the recordings that are due, one after the other."""
    for meeting_id in await due(timezone.now()):
        try:
            await make(meeting_id)
        except RecordingFailed as why:
            logger.error("the recording of meeting %s could not be made: %s", meeting_id, why)


async def make(meeting_id: int) -> bool:
    """Make a meeting's recording, unless it holds what it should. False where somebody else is at it. Safe to call
    twice, and after a crash at any line. Raises RecordingFailed."""
    now = timezone.now()
    held = _Held(meeting_id, now + LEASE)
    plan = await _take(meeting_id, held.until, now)
    if plan is None:
        return False
    if not plan.made:
        try:
            mixed = await _mixed(plan, held)
        except RecordingFailed:
            await held.prolong(AFTER_FAILURE)
            raise
        for clip, why in mixed.left_out.items():
            logger.warning("clip %s is not in the recording of meeting %s: %s", clip, meeting_id, why)
    await _give_back(meeting_id, held.until, plan, timezone.now() + (timedelta(0) if plan.made else PAUSE))
    return True


async def rebuild(meeting_id: int) -> None:
    """Make an ended meeting's recording anew, in turn with whoever else does. Raises RecordingFailed."""
    await forget(meeting_id)
    while True:
        if await make(meeting_id):
            return
        await asyncio.sleep(0.2)  # a lease ends, by itself if need be


class _Held:
    """The lease on a meeting's recording: the row says until when, and whoever renews it must still have it."""

    def __init__(self, meeting_id: int, until: datetime) -> None:
        self.until = until
        self._meeting = meeting_id
        self._renewed = time.monotonic()

    async def prolong(self, by: timedelta) -> None:
        """Have it until so long from now. Raises RecordingFailed where it was lost."""
        until = timezone.now() + by
        if not await _renew(self._meeting, self.until, until):
            raise RecordingFailed("its lease ran out, and somebody else has it")
        self.until = until
        self._renewed = time.monotonic()

    async def keep(self) -> None:
        """Renew it where that is due."""
        if time.monotonic() - self._renewed > RENEW_SECONDS:
            await self.prolong(LEASE)


async def _mixed(plan: MixPlan, held: _Held) -> MixedRecording:
    """What a process of its own made of the plan: no sound is decoded where a hundred browsers are answered."""
    await asyncio.to_thread(plan.target.parent.mkdir, parents=True, exist_ok=True)
    with tempfile.TemporaryFile() as said:
        process = await asyncio.to_thread(_started, said)
        try:
            await asyncio.to_thread(_order, process, plan)
            while process.poll() is None:
                await asyncio.sleep(LOOK_SECONDS)
                await held.keep()
            return _answer(said, process.returncode)
        finally:
            if process.poll() is None:
                process.kill()
                await asyncio.to_thread(process.wait)
            if process.stdin:
                process.stdin.close()


def _started(said: IO[bytes]) -> "subprocess.Popen[bytes]":
    """The mixing process; what it says goes into a file, so that it never waits for us to read."""
    below = 0
    if sys.platform == "win32":
        below = subprocess.BELOW_NORMAL_PRIORITY_CLASS
    command = [sys.executable, "-m", "meet.record.mixing_worker"]
    return subprocess.Popen(  # noqa: S603 - this very Python, and our own module
        command, cwd=settings.BASE_DIR, stdin=subprocess.PIPE, stdout=said, creationflags=below, bufsize=0
    )


def _order(process: "subprocess.Popen[bytes]", plan: MixPlan) -> None:
    order: dict[str, Any] = {"target": str(plan.target), "clips": [astuple(clip) for clip in plan.clips]}
    line = memoryview(json.dumps(order).encode() + b"\n")
    try:
        while line and process.stdin:
            line = line[process.stdin.write(line) :]  # the pipe stays open: it closes when we are gone
    except BrokenPipeError:
        pass


def _answer(said: IO[bytes], status: int | None) -> MixedRecording:
    said.seek(0)
    try:
        answer = json.loads(said.read())
    except ValueError:
        raise RecordingFailed(f"the mixing process ended with status {status}") from None
    if "error" in answer:
        raise RecordingFailed(str(answer["error"]))
    return MixedRecording(**answer)
