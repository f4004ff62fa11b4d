"""Periodic sweep: picks up what a crash left behind, and tells pages about missed events."""

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable, Iterable

from django.utils import timezone

from meet import broadcast, pipeline, translation
from meet.clips import audio, audio_files, clips, duplicates, file_deletion
from meet.events import encode
from meet.recognition import engine_status
from meet.record import recording, transcript_files
from meet.rooms import meetings, member_list, presence

log = logging.getLogger(__name__)


async def run() -> None:
    """Do every duty at its interval, for ever. One that fails is logged and comes again."""
    audio.start()
    async with asyncio.TaskGroup() as duties:
        for duty, seconds in DUTIES.items():
            duties.create_task(_repeat(duty, seconds), name=duty.__name__)


async def _repeat(duty: Callable[[], Awaitable[object]], seconds: float) -> None:
    while True:
        try:
            await duty()
        except Exception:  # the house must go on; what went wrong is in the log, whole
            log.exception("%s failed", duty.__name__)
        await asyncio.sleep(seconds)


async def pick_up_clips() -> None:
    """Clips that nobody has heard of for a while, and received ones that nobody works on."""
    await clips.receive_unheard(timezone.now())
    if engine_status.answers():
        for clip, speaker in await clips.due(timezone.now()):
            pipeline.nudge(clip, speaker)


async def pick_up_audio() -> None:
    """Audio files that a crash left unwritten."""
    await _each(await audio_files.due(), pipeline.keep_audio)


async def pick_up_folds() -> None:
    """Captioned clips that a crash left uncompared."""
    await _each(await duplicates.unconsidered(), pipeline.fold)


async def _each(found: Iterable[uuid.UUID], work: Callable[[uuid.UUID], Awaitable[None]]) -> None:
    """One after the other. One that fails each time it is its turn keeps none of the others waiting."""
    for clip in found:
        try:
            await work(clip)
        except Exception:  # it is found again, and stands in the log until it succeeds
            log.exception("clip %s was picked up in vain", clip)


async def renew_presence() -> None:
    """This process's sockets are alive."""
    await presence.renew(broadcast.connections_here())


async def look_around() -> None:
    """Tell the sockets here who is there now, and the newest `seq`, so that a page notices what it missed."""
    await member_list.look_around()
    for room_id, (meeting, seq) in (await meetings.newest(broadcast.rooms_here())).items():
        await broadcast.send_here(room_id, encode("tick", meeting=meeting, seq=seq))


async def end_deserted_meetings() -> None:
    """Half an hour after the last person left a meeting is over."""
    for room_id in await meetings.end_deserted(timezone.now()):
        await broadcast.send(room_id, encode("meeting_ended"))


async def discard_old_parts() -> None:
    """What arrived of clips that nothing can be added to any more."""
    await audio_files.discard_parts(timezone.now())


DUTIES: dict[Callable[[], Awaitable[object]], float] = {
    engine_status.refresh: 2,
    pick_up_clips: 1,
    pick_up_audio: 10,
    translation.sweep: 2,
    file_deletion.sweep: 2,
    pick_up_folds: 10,
    transcript_files.write_due: 1,
    recording.make_due: 2,
    renew_presence: presence.RENEW_EVERY.total_seconds(),
    look_around: 5,
    end_deserted_meetings: 30,
    discard_old_parts: 600,
}
