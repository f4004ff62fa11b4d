"""What the product kept of a meeting, read as an outsider would: the database file, the audio and the text files."""

import sqlite3
import statistics
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.browser.capture_page import RATE, Audio, place
from tests.browser.people import Script, Spoken
from tests.wav import read_wav

SLACK = 1.0  # seconds by which a clip may lie elsewhere than its time says


@dataclass(frozen=True)
class KeptClip:
    """A clip's row, and its caption's text where it has one. `started_at` in seconds of Unix time."""

    id: str
    number: int
    state: str
    cut_short: bool
    reason: str
    speaker: str
    started_at: float
    text: str | None
    language: str | None
    captions: int
    path: Path | None

    def audio(self) -> Audio:
        """What was kept of its sound, 16 kHz mono."""
        assert self.path is not None, f"clip {self.id} has no audio file"
        return read_wav(self.path)


def kept_clips(data: Path, room: str) -> list[KeptClip]:
    """The clips of a room (its address or slug), in the order they were spoken."""
    slug = room.rstrip("/").rsplit("/", 1)[-1]
    query = """
        SELECT c.id, c.number, c.state, c.cut_short, c.reason, p.name, c.started_at, k.text, k.language, c.audio,
               (SELECT count(*) FROM meet_caption x WHERE x.clip_id = c.id)
        FROM meet_clip c JOIN meet_participant p ON p.id = c.participant_id JOIN meet_room r ON r.id = p.room_id
        LEFT JOIN meet_caption k ON k.clip_id = c.id WHERE r.slug = ? ORDER BY c.started_at
    """
    with closing(sqlite3.connect(data / "db.sqlite3")) as database:
        rows = database.execute(query, [slug]).fetchall()
    return [
        KeptClip(
            id=_dashed(key),
            number=number,
            state=state,
            cut_short=bool(cut_short),
            reason=reason,
            speaker=speaker,
            started_at=datetime.fromisoformat(started_at).replace(tzinfo=UTC).timestamp(),
            text=text,
            language=language,
            captions=captions,
            path=data / "media" / audio if audio else None,
        )
        for key, number, state, cut_short, reason, speaker, started_at, text, language, audio, captions in rows
    ]


def _dashed(key: str) -> str:
    return f"{key[:8]}-{key[8:12]}-{key[12:16]}-{key[16:20]}-{key[20:]}"


def speech_ends(clips: list[KeptClip], script: Script) -> dict[str, tuple[Spoken, float]]:
    """Per clip the last sentence that ends in it, and the moment (seconds of Unix time) its speech ended.

    Where a clip lies in what the microphone played is found in the sound itself, so no clock of a page is believed.
    """
    source = read_wav(script.path)
    began = _began(clips, source)
    found: dict[str, tuple[Spoken, float]] = {}
    for clip in clips:
        audio = clip.audio()
        expected = max(0.0, clip.started_at - began - SLACK)
        nearby = source[round(expected * RATE) : round((expected + 2 * SLACK) * RATE) + len(audio)]
        lag, _fit = place(audio, nearby)
        at = expected + lag
        inside = [s for s in script.spoken if at <= s.end <= at + len(audio) / RATE + 0.1]
        if inside:
            found[clip.id] = (inside[-1], clip.started_at + inside[-1].end - at)
    return found


def _began(clips: list[KeptClip], source: Audio) -> float:
    """When the microphone began to play, by the median of the first clips: sentences that are alike mislead a few."""
    return statistics.median(clip.started_at - place(clip.audio(), source)[0] for clip in clips[:9])


def combo_files(data: Path, room: str) -> dict[str, list[str]]:
    """The lines of each transcript of a room's meetings, by the file's prefix (`combo`, `CN`, `EN`, `JP`, `TW`)."""
    slug = room.rstrip("/").rsplit("/", 1)[-1]
    found: dict[str, list[str]] = {}
    for path in sorted((data / "media" / slug).glob("*/*combo_*.txt")):
        prefix = path.name.split("combo_")[0].rstrip("_") or "combo"
        found.setdefault(prefix, []).extend(path.read_text(encoding="utf-8").splitlines())
    return found
