"""Spoken sentences in a folder: one file of samples and one of what is said where in it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from speech.audio.codec import SAMPLE_RATE, Audio

LANGUAGES = ("zh", "en", "ja")


@dataclass(frozen=True)
class Spoken:
    """One sentence: its language, its text in all three, and how it sounds (float32, 16 kHz)."""

    language: str
    zh: str
    en: str
    ja: str
    audio: Audio

    def text(self, language: str) -> str:
        """What is said, in one of the languages."""
        return {"zh": self.zh, "en": self.en, "ja": self.ja}[language]


class Corpus:
    """What `save` wrote, read a sentence at a time; `ends` are the seconds at which each token ends, where aligned."""

    def __init__(self, folder: Path, name: str) -> None:
        self._rows: list[list[object]] = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        self._samples = np.memmap(folder / f"{name}.pcm", dtype=np.int16, mode="r")
        aligned = folder / f"{name}_aligned.json"
        self._ends: list[list[float]] | None = json.loads(aligned.read_text()) if aligned.exists() else None
        self.of = {spoken: [i for i, row in enumerate(self._rows) if row[0] == spoken] for spoken in LANGUAGES}

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> Spoken:
        language, zh, en, ja, first, length = self._rows[index]
        samples = self._samples[int(str(first)) : int(str(first)) + int(str(length))]
        audio = np.asarray(samples, np.float32) / np.float32(32768)
        return Spoken(str(language), str(zh), str(en), str(ja), audio)

    def ends(self, index: int, tokens: int) -> list[float]:
        """When each token of a sentence ends; all at once at its beginning, as long as nothing is aligned."""
        return self._ends[index] if self._ends else [0.0] * tokens

    def texts(self) -> Iterable[str]:
        """Every text in every language."""
        return (str(text) for row in self._rows for text in row[1:4])


def save(folder: Path, name: str, sentences: Iterable[Spoken]) -> float:
    """Write a corpus; how many hours it is."""
    folder.mkdir(parents=True, exist_ok=True)
    rows, at = [], 0
    with (folder / f"{name}.pcm").open("wb") as file:
        for one in sentences:
            file.write((one.audio * 32768).astype(np.int16).tobytes())
            rows.append((one.language, one.zh, one.en, one.ja, at, len(one.audio)))
            at += len(one.audio)
    (folder / f"{name}.json").write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    return at / SAMPLE_RATE / 3600
