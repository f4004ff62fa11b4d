"""File deletion: files of deleted rows, noted in the same transaction and deleted until no writer can recreate them.

Who deletes files only after a transaction leaves them behind when killed in between; who looks for files without a row
deletes a house's memory the day it is started with another database. So the deletion itself writes down what goes.
"""

import asyncio
import functools
import logging
import shutil
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db.models.signals import pre_delete
from django.dispatch import receiver
from django.utils import timezone

from meet.models import Clip, Erasure, Meeting, Room
from meet.orm_pool import pooled

AGAIN_FOR = timedelta(minutes=5)  # longer than anybody writes on who read the row before it went
MOST = 5000  # orders looked at in one sweep
log = logging.getLogger(__name__)
Place = Erasure.Place


def order(now: datetime, *, media: list[str], parts: list[uuid.UUID]) -> None:
    """Have these go: paths below media, and what arrived of these clips. In a transaction of the caller's."""
    wanted = [(Place.MEDIA, path) for path in media] + [(Place.PARTS, clip.hex) for clip in parts]
    Erasure.objects.bulk_create(
        (Erasure(place=place, path=path, until=now + AGAIN_FOR) for place, path in wanted), batch_size=500
    )


async def sweep() -> None:
    """Erase what is noted; an order whose time is over, and whose file is gone, is done."""
    found = await _orders()
    if found:
        await _forget(await asyncio.to_thread(_erase_all, found), timezone.now())


@pooled
def _orders() -> list[Erasure]:
    """What is noted, but for what somebody has a right to again: those orders are taken back.

    The newest first: what is withdrawn now does not wait until a large meeting is gone.
    """
    found = list(Erasure.objects.order_by("-pk")[:MOST])
    clips = _standing([uuid.UUID(one.path) for one in found if one.place == Place.PARTS])
    mistaken = {one.pk for one in found if _in_use(one, clips)}
    for one in mistaken:
        Erasure.objects.filter(pk=one).delete()
    return [one for one in found if one.pk not in mistaken]


def _standing(clips: list[uuid.UUID]) -> set[uuid.UUID]:
    """Those of these clips that there are, and that nobody withdrew."""
    some = (clips[at : at + 500] for at in range(0, len(clips), 500))
    rows = (Clip.objects.filter(pk__in=ids).exclude(state=Clip.State.WITHDRAWN) for ids in some)
    return {pk for found in rows for pk in found.values_list("pk", flat=True)}


@pooled
def _forget(gone: list[int], now: datetime) -> None:
    for at in range(0, len(gone), 500):
        Erasure.objects.filter(pk__in=gone[at : at + 500], until__lt=now).delete()


def _in_use(one: Erasure, clips: set[uuid.UUID]) -> bool:
    """Whether the row is there after all: a clip sent again after its meeting was deleted may begin that anew."""
    steps = one.path.split("/")
    if one.place == Place.PARTS:
        return uuid.UUID(one.path) in clips
    if len(steps) == 1:
        return Room.objects.filter(slug=steps[0]).exists()
    return len(steps) == 2 and Meeting.objects.filter(room__slug=steps[0], folder=steps[1]).exists()


def _erase_all(orders: list[Erasure]) -> list[int]:
    """The orders of which nothing is left. A folder is looked through once, however many of its files go."""
    unfinished = functools.cache(_unfinished)
    return [one.pk for one in orders if _erase(one, unfinished)]


def _unfinished(folder: Path) -> list[str]:
    """The names of what is half written there."""
    return [path.name for path in folder.glob(".*")]


def _erase(one: Erasure, unfinished: Callable[[Path], list[str]]) -> bool:
    """Delete a file, with what a killed process left half written of it, or a folder. Whether nothing is left."""
    path = (settings.MEDIA_ROOT if one.place == Place.MEDIA else settings.PARTS_DIR) / one.path
    try:
        if path.is_dir():
            shutil.rmtree(path)
        for name in (path.name, *unfinished(path.parent)):
            if name == path.name or name.startswith(f".{path.name}."):
                path.with_name(name).unlink(missing_ok=True)
    except OSError as error:  # somebody writes there, or the disk is read-only: it is tried again
        log.warning("erasure %s: %s", one.pk, type(error).__name__)
        return False
    return True


@receiver(pre_delete, sender=Room)
def room_goes(instance: Room, **_signal: object) -> None:
    """A deleted room takes the files of all its meetings along."""
    order(timezone.now(), media=[instance.slug], parts=[])


@receiver(pre_delete, sender=Meeting)
def meeting_goes(instance: Meeting, **_signal: object) -> None:
    """A deleted meeting takes its files along, and what arrived of its clips."""
    now = timezone.now()
    clips = Clip.objects.filter(meeting=instance).values_list("pk", "opened_at")
    parts = [pk for pk, opened_at in clips if opened_at > now - AGAIN_FOR or _arrived(pk).exists()]
    order(now, media=[f"{instance.room.slug}/{instance.folder}"], parts=parts)


def _arrived(clip: uuid.UUID) -> Path:
    path: Path = settings.PARTS_DIR / clip.hex
    return path
