"""A meeting of hours in a room, written into a running product's database: lines of each kind, translations, messages.

Run as a program beside the product, whose settings it takes from the environment.
"""

import json
import os
import subprocess
import sys
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LENGTH = timedelta(hours=3)
# in each hundred lines: one that could not be made out, one that was withdrawn, one that is the one before it once
# more, one in which three seconds have no words
GAP, WITHDRAWN, COPY, GAP_WITHIN = 50, 75, 80, 95
LINE, TRANSLATED, MESSAGE = "第 {n} 句：我們下週三再開一次會，資料今天寄出。", "Line {n} in {lang}", "Message {n}"
AT_ONCE = 500  # rows


def fill(data: Path, room: str, lines: int, messages: int) -> int:
    """Give the room an open meeting of so many lines and messages, three hours long up to now; its id."""
    environment = {**os.environ, "DATA_DIR": str(data), "DJANGO_SETTINGS_MODULE": "meeting.settings"}
    for name in ("DATABASE_URL", "REDIS_URL"):
        environment.pop(name, None)
    done = subprocess.run(
        [sys.executable, "-m", "tests.browser.long_meeting", room, str(lines), str(messages)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return int(json.loads(done.stdout))


def write(slug: str, lines: int, messages: int) -> int:
    """The meeting's rows, all at once; by those who are in the room."""
    from django.db import transaction
    from django.utils import timezone

    from meet.models import Room
    from meet.rooms import meetings

    room = Room.objects.get(slug=slug)
    people = list(room.participants.order_by("joined_at"))
    with transaction.atomic():
        meeting = meetings.begin(room.pk, people[0], timezone.now() - LENGTH)
        _speak(meeting, people, lines)
        _chat(meeting, people, messages, lines)
        meeting.seq = meeting.files_seq = lines + messages
        meeting.save(update_fields=["seq", "files_seq"])
        meeting.participants.add(*people)
    return meeting.pk


def _speak(meeting: Any, people: list[Any], lines: int) -> None:
    from meet.models import Caption, Clip, Translation

    clips = [_clip(meeting, people[n // 7 % len(people)], n, LENGTH / lines) for n in range(lines)]
    Clip.objects.bulk_create(clips, batch_size=AT_ONCE)
    captions = [_caption(clip) for clip in clips if clip.state == Clip.State.CAPTIONED]
    Caption.objects.bulk_create(captions, batch_size=AT_ONCE)
    for caption in captions:
        if caption.clip.number % 100 == COPY:
            Caption.objects.filter(pk=caption.pk).update(folded_into=clips[caption.clip.number - 1].pk)
    translations = [
        Translation(
            caption=one, language=lang, state="done", text=TRANSLATED.format(n=one.seq - 1, lang=lang), revision=1
        )
        for one in captions
        for lang in ("zh-Hans", "en", "ja")
    ]
    Translation.objects.bulk_create(translations, batch_size=AT_ONCE)


def _clip(meeting: Any, speaker: Any, number: int, each: timedelta) -> Any:
    from meet.models import Clip

    kinds = {GAP: Clip.State.FAILED, WITHDRAWN: Clip.State.WITHDRAWN}
    state = kinds.get(number % 100, Clip.State.CAPTIONED)
    started_at = meeting.started_at + number * each
    return Clip(
        pk=uuid.uuid4(),
        meeting=meeting,
        participant=speaker,
        number=number,
        state=state,
        reason="undecodable" if state == Clip.State.FAILED else "",
        mime="audio/webm",
        started_at=started_at,
        withdrawn_at=started_at if state == Clip.State.WITHDRAWN else None,
        duration_ms=2000,
        compared=True,
    )


def _caption(clip: Any) -> Any:
    from meet.models import Caption

    return Caption(
        clip=clip,
        meeting=clip.meeting,
        participant=clip.participant,
        started_at=clip.started_at,
        seq=clip.number + 1,
        language="zh-Hant",
        text=LINE.format(n=clip.number),
        gaps=[[1200, 4300]] if clip.number % 100 == GAP_WITHIN else [],
    )


def _chat(meeting: Any, people: list[Any], messages: int, after: int) -> None:
    """Messages between the lines, whose numbers come after theirs."""
    from meet.models import Message

    written = [
        Message(
            pk=uuid.uuid4(),
            meeting=meeting,
            participant=people[n % len(people)],
            seq=after + n + 1,
            sent_at=meeting.started_at + (n + 0.5) * (LENGTH / messages),
            text=MESSAGE.format(n=n),
        )
        for n in range(messages)
    ]
    Message.objects.bulk_create(written, batch_size=AT_ONCE)


if __name__ == "__main__":
    import django

    django.setup()
    sys.stdout.write(json.dumps(write(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))
