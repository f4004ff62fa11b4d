"""`manage.py simulate_meeting`: audio files spoken into a room in real time, by N people, through real WebSockets."""

import asyncio
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from meet.simulation.person import JoinFailed
from meet.simulation.play import MeetingPlan, play
from speech.audio.codec import Undecodable


class Command(BaseCommand):
    """Play audio files into a room, and print what came back and when."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What is said where."""
        parser.add_argument("--room", required=True, help="the room's link or slug; a plain name makes a new room")
        parser.add_argument("--speakers", type=int, default=1)
        parser.add_argument("--audio", type=Path, nargs="+", required=True, metavar="FILE")
        parser.add_argument("--chunk", type=float, default=0.12, help="seconds of audio in a message")
        parser.add_argument("--start", type=float, default=0.0, help="begin here in the files (seconds)")
        parser.add_argument("--end", type=float, default=None, help="end here (seconds)")
        parser.add_argument("--url", default=f"http://{_host()}:{settings.PORT}", help="the server")

    def handle(self, *args: Any, **options: Any) -> None:
        """Play, and fail where something said was not taken over."""
        plan = MeetingPlan(
            url=options["url"],
            room=_slug(options["room"]),
            speakers=options["speakers"],
            files=options["audio"],
            chunk=options["chunk"],
            start=options["start"],
            end=options["end"],
            silence=settings.CLIP_SILENCE_SECONDS,
            longest=settings.CLIP_MAX_SECONDS,
        )
        try:
            result = asyncio.run(play(plan, self.stdout.write))
        except (JoinFailed, OSError, Undecodable) as error:
            raise CommandError(f"{type(error).__name__}: {error}") from error
        if not result.acknowledged:
            raise CommandError("not everything said was taken over by the server")


def _host() -> str:
    """Where this machine's server is reached from this machine."""
    return "127.0.0.1" if settings.HOST in ("0.0.0.0", "::") else settings.HOST  # noqa: S104 - compared, not bound


def _slug(room: str) -> str:
    """The last part of a room's link; anything else as it is."""
    return unquote(urlsplit(room).path).rstrip("/").rpartition("/")[2] if "/rooms/" in room else room
