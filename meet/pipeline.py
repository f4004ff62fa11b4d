"""Pipeline: takes a received clip to its caption line. Each step calls the module that owns it."""

import asyncio
import logging
import uuid
from datetime import datetime, timedelta
from functools import partial
from weakref import WeakValueDictionary

from django.db import transaction
from django.utils import timezone

from meet import broadcast, event_numbers, languages, translation
from meet.clips import audio, clips, duplicates
from meet.clips.clips import LeasedClip
from meet.events import encode
from meet.models import Clip
from meet.orm_pool import pooled
from meet.recognition import engine_status, speech_client
from meet.recognition.speech_client import TranscriptionResult
from meet.record import captions, transcript_files
from meet.record.gaps import gap
from meet.rooms import meetings

log = logging.getLogger(__name__)
AT_ONCE = 24  # clips in flight to the speech tier from one process; the others wait in `received`
SHARE = 6  # of them, from one speaker
RENEW_SECONDS = 6
GONE_AFTER = 60  # seconds in which the speech tier did not once say that it is there; a clip in its queue is asked anew
LONGEST_PAUSE = 60  # seconds between two attempts; eight of them take some four minutes
DEADLINE_MS = 1000  # a final should be there this long after its clip was received
_under_way: dict[uuid.UUID, asyncio.Task[None]] = {}
_room_for = asyncio.Semaphore(AT_ONCE)
_shares: WeakValueDictionary[uuid.UUID, asyncio.Semaphore] = WeakValueDictionary()


def nudge(clip_id: uuid.UUID, speaker: uuid.UUID) -> None:
    """Begin a received clip's journey, unless this process is at it already. Returns at once."""
    if clip_id not in _under_way:
        task = asyncio.create_task(_in_turn(clip_id, speaker), name=f"clip {clip_id}")
        _under_way[clip_id] = task
        task.add_done_callback(lambda done: _arrived(clip_id, done))


async def drain(seconds: float) -> None:
    """Give the journeys under way some time to end; what is left is picked up after the next start."""
    if _under_way:
        await asyncio.wait(list(_under_way.values()), timeout=seconds)


async def _in_turn(clip_id: uuid.UUID, speaker: uuid.UUID) -> None:
    """Caption a clip when its turn comes. Who comes back with an hour of clips has a share of what is in flight, and
    the next speaker's clip does not wait behind them."""
    async with _shares.setdefault(speaker, asyncio.Semaphore(SHARE)), _room_for:
        clip = await _caption(clip_id)
    if clip is not None:
        await _keep(clip)


async def caption(clip_id: uuid.UUID) -> None:
    """Bring a received clip to its final caption. Safe to call twice, and after a crash at any line."""
    clip = await _caption(clip_id)
    if clip is not None:
        await _keep(clip)


async def _caption(clip_id: uuid.UUID) -> Clip | None:
    """The clip, where it came to its end here."""
    taken = await clips.lease(clip_id)
    if taken is None:
        return None  # somebody else has it, or it is done
    leased, clip = taken
    if leased.attempts > clips.MOST_ATTEMPTS:
        await _fail(leased, clip, "too_many_attempts")
        return clip
    try:
        heard = await _hear(leased, clip)
    except speech_client.SpeechTierUnavailable as why:
        log.warning("clip %s waits: %s", clip_id, why)
        await clips.give_back(leased, _retry_at(leased, why), tried=why.reached)
        return None
    except speech_client.ClipRejected as why:
        log.warning("clip %s failed: %s", clip_id, why)
        await _fail(leased, clip, why.reason)
        return clip
    if heard.is_gap:
        await _fail(leased, clip, "no_words", keeps=not heard.follows_first)
    else:
        await _settle_and_tell(leased, clip, heard)
    return clip


async def keep_audio(clip_id: uuid.UUID) -> None:
    """Write the audio file that a crash left unwritten."""
    await _keep(await clips.find(clip_id))


async def _keep(clip: Clip) -> None:
    if await audio.keep(clip):
        await transcript_files.write_beside(clip.pk)
        await fold(clip.pk)


async def fold(clip_id: uuid.UUID) -> None:
    """See whether a clip is the same voice as another's, through another microphone, and tell so."""
    events = await duplicates.consider(clip_id)
    if events:
        await _tell(await clips.find(clip_id), events)


async def _tell(clip: Clip, events: list[str]) -> None:
    if events and await _is_shown(clip):
        for event in events:
            await broadcast.send(clip.meeting.room_id, event)


def _arrived(clip_id: uuid.UUID, task: asyncio.Task[None]) -> None:
    del _under_way[clip_id]
    if not task.cancelled() and task.exception() is not None:
        # the row still says `received`: the sweep comes back when the lease has run out
        log.error("clip %s stopped on its way", clip_id, exc_info=task.exception())


def _retry_at(leased: LeasedClip, why: speech_client.SpeechTierUnavailable) -> datetime:
    """At once again while nobody was reached; ever later where somebody was, and it did not help."""
    pause = min(LONGEST_PAUSE, 2**leased.attempts) if why.reached else 1
    return timezone.now() + timedelta(seconds=pause)


def _deadline(clip: Clip) -> int:
    waited = timezone.now() - (clip.received_at or timezone.now())
    return max(0, DEADLINE_MS - round(waited.total_seconds() * 1000))


async def _hear(leased: LeasedClip, clip: Clip) -> TranscriptionResult:
    """The clip's words; its first text is shown before. The lease is renewed while the speech tier works on it."""
    sound = await asyncio.to_thread(clips.sound, clip.pk)
    if not sound and clip.chunks == 0:
        return TranscriptionResult(text="", language="", silent="empty", suppressed="")
    if not sound:
        raise speech_client.ClipRejected("nothing_arrived")
    wanted = speech_client.TranscriptionRequest(
        clip=str(clip.pk),
        extension=clips.extension(clip.mime),
        language=clip.language,
        keep_from=clip.keep_from,
        keep_to=clip.keep_to,
        deadline=_deadline(clip),
        languages=tuple(clip.meeting.room.languages) if not clip.language else (),
        expected=tuple(await _expected(clip)) if not clip.language else (),
        speaker=str(clip.participant_id),
        english=translation.wants_english(clip.language),
    )
    work = asyncio.ensure_future(speech_client.transcribe(sound, wanted, partial(_show_first, leased, clip)))
    away = 0
    try:
        while not (await asyncio.wait([work], timeout=RENEW_SECONDS))[0]:
            away = 0 if engine_status.answers() else away + RENEW_SECONDS
            if away >= GONE_AFTER:
                raise speech_client.SpeechTierUnavailable("nobody answers any more", reached=True)
            if not await pooled(clips.extend)(leased):  # what comes back would change nothing
                raise speech_client.SpeechTierUnavailable("it is another's by now", reached=True)
        return await work
    finally:
        work.cancel()


@pooled
def _expected(clip: Clip) -> list[str]:
    return captions.languages_before(_spoken(clip))


async def _show_first(leased: LeasedClip, clip: Clip, heard: TranscriptionResult) -> None:
    """Show a text that is not the answer yet. The clip stays `received`, and with its lease its translations wait."""
    await _tell(clip, await _settle_first(leased, clip, heard))


@pooled
def _settle_first(leased: LeasedClip, clip: Clip, heard: TranscriptionResult) -> list[str]:
    with transaction.atomic():
        return _revise(clip, heard) if heard.text and clips.extend(leased) else []


async def _settle_and_tell(leased: LeasedClip, clip: Clip, heard: TranscriptionResult) -> None:
    await _tell(clip, await _settle(leased, clip, heard))
    await translation.request(clip.pk)


@pooled
def _settle(leased: LeasedClip, clip: Clip, heard: TranscriptionResult) -> list[str]:
    """Close the clip and write its caption in one transaction; the events to tell."""
    with transaction.atomic():
        if not heard.text:
            if not clips.close(leased, Clip.State.SILENT, reason=heard.silent, suppressed=heard.suppressed):
                return []
            return _unsay(clip)
        if not clips.close(leased, Clip.State.CAPTIONED):
            return []
        return _revise(clip, heard) if heard.follows_first else _say(clip, heard)


def _revise(clip: Clip, heard: TranscriptionResult) -> list[str]:
    """A new revision of a line, unless it says the same already."""
    same = captions.says(clip.pk, languages.tag_of(heard.language), heard.text, heard.gaps)
    return [] if same else _say(clip, heard)


def _say(clip: Clip, heard: TranscriptionResult) -> list[str]:
    language = languages.tag_of(heard.language)
    line = captions.settle(_spoken(clip), language, heard.text, heard.english, gaps=heard.gaps)
    return [encode("caption", **line), *duplicates.release(clip.pk)]


def _unsay(clip: Clip) -> list[str]:
    """With more of its audio, or decoded again, a clip says nothing after all: its line goes."""
    event_numbers.hold(clip.meeting_id)  # before its captions and translations, as everybody takes them
    told = duplicates.release(clip.pk)
    if not captions.withdraw(clip.pk):
        return []
    return [
        *told,
        encode("unsaid", meeting=clip.meeting_id, seq=event_numbers.take(clip.meeting_id), clip=str(clip.pk)),
    ]


def _spoken(clip: Clip) -> captions.CaptionSource:
    return captions.CaptionSource(clip.pk, clip.meeting_id, clip.participant_id, clip.started_at)


async def _fail(leased: LeasedClip, clip: Clip, reason: str, *, keeps: bool = True) -> None:
    await _tell(clip, await _settle_failure(leased, clip, reason, keeps=keeps))
    await translation.request(clip.pk)  # of what was heard of it before


@pooled
def _settle_failure(leased: LeasedClip, clip: Clip, reason: str, *, keeps: bool) -> list[str]:
    """Close the clip. What was heard of it before stays, and is not gone for a second failure; unless it was a first
    text (not `keeps`) that the answer has no words for."""
    with transaction.atomic():
        known = keeps and captions.exists(clip.pk)
        state = Clip.State.CAPTIONED if known else Clip.State.FAILED
        if not clips.close(leased, state, reason=reason) or known:
            return []
        clip.reason = reason
        return [*_unsay(clip), encode("gap", seq=event_numbers.take(clip.meeting_id), **gap(clip))]


@pooled
def _is_shown(clip: Clip) -> bool:
    clip.meeting.refresh_from_db(fields=["ended_at"])
    return meetings.shown_live(clip.meeting, timezone.now())
