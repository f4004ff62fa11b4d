"""Comparison of recognisers on the recordings of an index: error rates, what was lost, and the time of each.

The recognisers take turns file by file, and who begins changes with each file, so that whatever else the machine does
meets them all alike. The first call of each is a warm-up and does not count.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench import index, sentences, words
from bench.index import Recording
from bench.systems import Heard, Transcribe, Variant
from speech.audio import codec
from speech.audio.decode_pool import DecoderUnstartable
from speech.engines import EngineError
from speech.queue.scheduler import EngineBroken, SchedulerClosed
from speech.server.node import ModelLoading, UnusableClip

PAUSE_SECONDS = 0.05  # till the threads of who was at it before no longer spin
FAILURES = (
    codec.Undecodable,
    EngineError,
    UnusableClip,
    ModelLoading,
    EngineBroken,
    SchedulerClosed,
    DecoderUnstartable,
)
GIVEN, FOUND = "given", "found"
Row = dict[str, Any]


@dataclass(frozen=True)
class Task:
    """Who hears, and whether the language is told."""

    variant: Variant
    language: str  # GIVEN or FOUND

    @property
    def key(self) -> Row:
        """Its columns in a row."""
        return {"system": self.variant.system, "beam": self.variant.shown, "language": self.language}


@dataclass(frozen=True)
class Result:
    """What one recogniser made of one recording."""

    task: Task
    recording: Recording
    heard: Heard
    counts: words.Counts
    found: tuple[sentences.Found, ...]
    seconds: float
    failure: str = ""

    @property
    def wrong_language(self) -> bool:
        """Whether a text came in another language than was spoken; where two are, none is wrong."""
        return bool(self.recording.given and self.heard.text) and self.heard.language != self.recording.given


def run(
    recordings: Sequence[Recording], tasks: Sequence[Task], systems: Mapping[str, Transcribe]
) -> Iterator[list[Result]]:
    """The results of each recording, in the order of `tasks`."""
    for task in tasks:
        _result(task, recordings[0], systems)
    for number, recording in enumerate(recordings):
        first = number % len(tasks)
        order = [*tasks[first:], *tasks[:first]]
        results = {task: _result(task, recording, systems) for task in order}
        yield [results[task] for task in tasks]


def _result(task: Task, recording: Recording, systems: Mapping[str, Transcribe]) -> Result:
    time.sleep(PAUSE_SECONDS)
    failure = ""
    began = time.perf_counter()
    try:
        heard = _transcribed(task, recording, systems)
    except FAILURES as error:  # counts as nothing heard, and is told
        heard, failure = Heard("", ""), type(error).__name__
        print(f"{recording.name}, {task.variant.system}: {failure}", file=sys.stderr, flush=True)
    took = time.perf_counter() - began
    kind = index.kind(recording.language, [recording.text])
    return Result(
        task, recording, heard, words.counted(recording.text, heard.text, kind),
        sentences.found(recording, heard), took, failure,
    )  # fmt: skip


def _transcribed(task: Task, recording: Recording, systems: Mapping[str, Transcribe]) -> Heard:
    language = recording.given if task.language == GIVEN else None
    return systems[task.variant.system](recording.sound, language, task.variant.beam)


def summary(results: Sequence[Result]) -> list[Row]:
    """A row for each recogniser in each language of the index."""
    tasks = list(dict.fromkeys(one.task for one in results))
    languages = list(dict.fromkeys(one.recording.language for one in results))
    return [
        _summed(task, language, [one for one in results if (one.task, one.recording.language) == (task, language)])
        for language in languages
        for task in tasks
    ]


def _summed(task: Task, language: str, results: Sequence[Result]) -> Row:
    counts = [one.counts for one in results]
    length = sum(one.length for one in counts)
    seconds = sum(one.seconds for one in results)
    sentence_rows = [found for one in results for found in one.found]
    return {
        "lang": language,
        **task.key,
        "measure": index.kind(language, [one.recording.text for one in results]) if length else None,
        "recordings": len(results),
        "error_rate": round(sum(one.errors for one in counts) / length, 4) if length else None,
        "lost": sum(one.lost for one in counts),
        "invented": sum(one.invented for one in counts),
        "changed": sum(one.changed for one in counts),
        "length": length,
        "with_text": sum(bool(one.heard.text) for one in results),
        "wrong_languages": sum(one.wrong_language for one in results),
        "lost_edges": sum(one.counts.lost_edge for one in results),
        "sentences": len(sentence_rows) or None,
        "lost_sentences": sum(one.lost for one in sentence_rows) if sentence_rows else None,
        "lost_silently": sum(one.lost and not one.sign for one in sentence_rows) if sentence_rows else None,
        "failed": sum(bool(one.failure) for one in results),
        "seconds": round(seconds, 2),
        "rtfx": round(sum(one.recording.seconds for one in results) / seconds, 2),
    }


def each(results: Sequence[Result], *, texts: bool) -> list[Row]:
    """A row for each recogniser and recording; `texts`: with what was said and what was heard."""
    return [
        {
            "file": one.recording.name,
            "lang": one.recording.language,
            **one.task.key,
            "error_rate": round(one.counts.errors / one.counts.length, 3) if one.counts.length else None,
            "lost": one.counts.lost,
            "invented": one.counts.invented,
            "changed": one.counts.changed,
            "length": one.counts.length,
            "heard_as": one.heard.language,
            "lost_edge": one.counts.lost_edge,
            "suppressed": one.heard.suppressed,
            "lost_sentences": [at for at, found in enumerate(one.found, 1) if found.lost],
            "gaps": len(one.heard.gaps),
            "failure": one.failure,
            "seconds": round(one.seconds, 2),
            **({"reference": one.recording.text, "text": one.heard.text} if texts else {}),
        }
        for one in results
    ]
