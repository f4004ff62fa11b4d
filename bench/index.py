"""Index of recordings: a JSON list that says what is spoken in each file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import words
from speech.audio import codec

NONE = "none"  # nobody speaks
MIX = "mix"  # two languages in one recording
MIXED = "mixed"  # sentences in different languages, one behind the other
NO_LANGUAGE = (NONE, MIX, MIXED)  # no one language can be given for these


class BadIndex(Exception):
    """The index cannot be used: which row, and why."""


@dataclass(frozen=True)
class Sentence:
    """One sentence of a recording, and where it lies, in seconds; None where nobody says."""

    text: str
    start: float | None = None
    end: float | None = None


@dataclass(frozen=True)
class Recording:
    """The bytes of a recording, and what is said in it. `sentences`: empty unless they are to be found one by one."""

    name: str
    language: str
    text: str
    sound: bytes
    seconds: float
    tags: frozenset[str] = frozenset()
    sentences: tuple[Sentence, ...] = ()

    @property
    def given(self) -> str | None:
        """The language that a caller can tell; None where there is none, or more than one."""
        return None if self.language in NO_LANGUAGE else self.language


def read(path: Path) -> list[Recording]:
    """All recordings of an index. Files lie beside it. Raises `BadIndex`, `OSError`, `codec.Undecodable`."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BadIndex(f"{path} is not JSON: {error}") from error
    if not isinstance(rows, list) or not rows:
        raise BadIndex(f"{path} is not a list of recordings.")
    return [_recording(path, number, row) for number, row in enumerate(rows, 1)]


def kind(language: str, texts: Sequence[str]) -> str:
    """The measure for recordings in this language: `WER`, `CER` or `MER`."""
    return words.MIXED if language in (MIX, MIXED) else words.measure(texts)


def _recording(path: Path, number: int, row: Any) -> Recording:
    where = f"{path}, row {number}"
    if not isinstance(row, dict) or not {"file", "lang"} <= row.keys() or not {"text", "sentences"} & row.keys():
        raise BadIndex(f"{where}: it needs file, lang, and text or sentences.")
    sentences = tuple(Sentence(text) for text in row.get("sentences", ()))
    text = row.get("text", " ".join(one.text for one in sentences))
    if (row["lang"] == NONE) == bool(words.normal(text)):
        raise BadIndex(f"{where}: a recording has words, or the language {NONE}.")
    if not all(words.normal(one.text) for one in sentences):
        raise BadIndex(f"{where}: a sentence is empty.")
    sound = (path.parent / row["file"]).read_bytes()
    seconds = len(codec.decode(sound)) / codec.SAMPLE_RATE
    return Recording(row["file"], row["lang"], text, sound, seconds, frozenset(row.get("tags", ())), sentences)
