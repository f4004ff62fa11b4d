"""The report on invented words: what the model wrote where nobody speaks, and what
`speech/transcription/hallucinations.py` lets through."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from speech.audio.voicing import VoicingDetector
from speech.engines import Audio
from speech.transcription import hallucinations
from speech.transcription.sentences import Voice, sifted
from tools.invented_words.journey import Journey, Row, Sound

OPENAI_NO_SPEECH, OPENAI_LOGPROB = 0.6, -1.0  # openai-whisper's own rule, to compare with
THRESHOLDS = (0.0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.1, 0.12, 0.15, 0.2, 0.25, 0.3)
MOST_TEXTS = 40
SHOWN = 60  # letters of a text


COLUMNS = (
    "name", "kind", "said", "gate", "asked", "start", "seconds", "kept", "language", "text", "shown",
    "reason", "avg_logprob", "no_speech_prob", "compression", "temperature", "mean_word", "least_word",
    "first_word", "plausible", "voiced", "pitched", "level", "above_floor",
)  # fmt: skip


@dataclass(frozen=True)
class Seen:
    """A row with text, and what speaks for it."""

    journey: Journey
    row: Row
    voiced: float  # seconds by the gate
    pitched: float  # seconds of them with a voice's pitch
    level: float  # dBFS, 95th percentile
    above_floor: float  # dB
    plausible: float
    shown: str  # what the checks leave of the text
    reason: str  # the first they give for what goes

    @property
    def text(self) -> str:
        return self.row.heard.text

    @property
    def is_invented(self) -> bool:
        """Whether nobody spoke."""
        return not self.journey.said


def seen(journeys: Iterable[Journey], sounds: Iterable[Sound]) -> Iterator[Seen]:
    """Every row with text whose sound is there."""
    by_name: dict[str, list[Journey]] = {}
    for journey in journeys:
        by_name.setdefault(journey.name, []).append(journey)
    for sound in sounds:
        for journey in by_name.get(sound.name, []):
            yield from (_seen(journey, row, sound.audio) for row in journey.rows if row.heard.text)


def markdown(rows: Sequence[Seen], journeys: Sequence[Journey]) -> str:
    """All tables."""
    parts = (_summary(rows, journeys), _texts(rows), _curve(rows), _remarks(rows), _survivors(rows))
    return "\n\n".join(parts) + "\n"


def write_csv(rows: Sequence[Seen], file: Path) -> None:
    """Every row with its figures."""
    with file.open("w", newline="") as sink:
        writer = csv.writer(sink)
        writer.writerow(COLUMNS)
        writer.writerows(map(_columns, rows))


def _columns(one: Seen) -> list[object]:
    journey, row, heard = one.journey, one.row, one.row.heard
    likely = [word.probability for word in heard.words] or [0.0]
    figures = (
        heard.avg_logprob, heard.no_speech_prob, heard.compression_ratio, heard.temperature,
        hallucinations.sureness(heard.words, heard.avg_logprob), min(likely), likely[0], one.plausible, one.voiced,
        one.pitched, one.level, one.above_floor,
    )  # fmt: skip
    what = [journey.name, journey.kind, journey.said, journey.gated, journey.asked, row.start, row.seconds, row.kept]
    return [*what, heard.language, heard.text, one.shown, one.reason, *(round(figure, 4) for figure in figures)]


def _seen(journey: Journey, row: Row, audio: Audio) -> Seen:
    clip, heard = row.clip(audio), row.heard
    voice = Voice(clip.audio, clip.speech)
    found = VoicingDetector(clip.audio).between(0.0, clip.seconds)
    left = sifted(heard, voice)
    return Seen(
        journey=journey,
        row=row,
        voiced=clip.voiced,
        pitched=voice.pitched(),
        level=found.level,
        above_floor=found.above_floor,
        plausible=hallucinations.plausibility(heard),
        shown=left.heard.text if left.heard else "",
        reason=left.suppressed[0].reason if left.suppressed else "",
    )


def _summary(rows: Sequence[Seen], journeys: Sequence[Journey]) -> str:
    """By kind of sound without speech: sounds, rows with text, and how many of them are shown by which rule."""
    lines = [_row("sound", "gate", "clips", "rows with text", "shown by openai-whisper's rule", "shown")]
    lines.append("| --- | --- | --: | --: | --: | --: |")
    silent = [journey for journey in journeys if not journey.said]
    for kind in [*sorted({journey.kind for journey in silent}), ""]:
        for gated in (True, False):
            some = [one for one in rows if one.is_invented and one.journey.gated == gated]
            some = [one for one in some if kind in ("", one.journey.kind)]
            clips = sum(journey.gated == gated and kind in ("", journey.kind) for journey in silent)
            counts = (clips, len(some), sum(map(_openai_shows, some)), sum(bool(one.shown) for one in some))
            lines.append(_row(kind or "**all**", "on" if gated else "off", *counts))
    return "## What is shown where nobody speaks\n\n" + "\n".join(lines)


def _texts(rows: Sequence[Seen]) -> str:
    counts = Counter(one.text for one in rows if one.is_invented)
    asked: dict[str, set[str]] = {}
    for one in rows:
        asked.setdefault(one.text, set()).add(one.journey.asked or "found")
    lines = [_row("text", "rows", "language asked for"), "| --- | --: | --- |"]
    for text, count in counts.most_common(MOST_TEXTS):
        lines.append(_row(_cell(text), count, " ".join(sorted(asked[text]))))
    rest = sum(counts.values()) - sum(count for _, count in counts.most_common(MOST_TEXTS))
    lines.append(_row(f"{max(0, len(counts) - MOST_TEXTS)} others", rest, ""))
    return "## What the model writes there\n\n" + "\n".join(lines)


def _curve(rows: Sequence[Seen]) -> str:
    """Share of remarks and number of invented texts above each plausibility, all other rules left out."""
    noise = [one for one in rows if one.is_invented and any(map(str.isalnum, one.text))]
    remarks = [one for one in rows if one.journey.kind.startswith("remark")]
    spoken = [one for one in rows if one.journey.kind == "recording" and one.row.kept]
    lines = [_row("plausibility", "invented, gate on", "gate off", "rows of remarks", "rows of recordings")]
    lines.append("| --: | --: | --: | --: | --: |")
    for least in THRESHOLDS:
        on, off = ([one for one in noise if one.journey.gated == gated] for gated in (True, False))
        lines.append(
            _row(f"{least:.2f}", *(sum(one.plausible >= least for one in some) for some in (on, off, remarks, spoken)))
        )
    return "## Kept by plausibility alone\n\n" + "\n".join(lines)


def _remarks(rows: Sequence[Seen]) -> str:
    lines = [_row("remark", "as", "text", "shown"), "| --- | --- | --- | --- |"]
    for one in rows:
        if one.journey.kind.startswith("remark") and one.journey.gated and one.row.start == 0:
            verdict = "yes" if one.shown else f"no: {one.reason}"
            form = one.journey.name.rsplit("_", 1)[-1]
            lines.append(_row(_cell(one.journey.said), form, _cell(one.text), verdict))
    return "## Short remarks, with the gate\n\n" + "\n".join(lines)


def _survivors(rows: Sequence[Seen]) -> str:
    found = [one for one in rows if one.is_invented and one.shown]
    lines = [
        _row("sound", "gate", "text", "log-probability", "no speech", "plausibility"),
        "| --- | --- | --- | --: | --: | --: |",
    ]
    for one in found:
        heard = one.row.heard
        figures = (f"{heard.avg_logprob:.2f}", f"{heard.no_speech_prob:.2f}", f"{one.plausible:.3f}")
        lines.append(_row(one.journey.name, "on" if one.journey.gated else "off", _cell(one.shown), *figures))
    return "## Invented words that are shown\n\n" + ("\n".join(lines) if found else "None.")


def _openai_shows(one: Seen) -> bool:
    heard = one.row.heard
    return not (heard.no_speech_prob > OPENAI_NO_SPEECH and heard.avg_logprob < OPENAI_LOGPROB)


def _row(*cells: object) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")[:SHOWN]
