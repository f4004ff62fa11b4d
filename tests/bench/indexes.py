"""Small indexes of the bundled sentences, written where a test wants them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from bench.index import Recording
from speech.audio import codec
from tests.speech import sounds


def row(folder: Path, name: str, language: str, audio: sounds.Audio, text: str, *tags: str) -> dict[str, Any]:
    """A recording's file, and its row."""
    (folder / name).write_bytes(codec.as_wav(audio))
    return {"file": name, "lang": language, "text": text, "tags": list(tags)}


def write(folder: Path, rows: list[dict[str, Any]]) -> Path:
    path = folder / "index.json"
    path.write_text(json.dumps(rows), encoding="utf-8")
    return path


def small(folder: Path) -> Path:
    """A sentence in each language, and a recording of two languages."""
    chosen = {language: sounds.sentences(language)[0] for language in ("en", "zh", "ja")}
    rows = [row(folder, f"{language}.wav", language, one.audio, one.text) for language, one in chosen.items()]
    both = [chosen["zh"], chosen["en"]]
    rows.append(row(folder, "mix.wav", "mix", sounds.told(both, 0.6), " ".join(one.text for one in both)))
    return write(folder, rows)


def recordings(count: int, seconds: float = 6.0) -> list[Recording]:
    """So many in each language, all equally long."""
    found = []
    for language in ("en", "zh", "ja"):
        for number, one in enumerate(sounds.sentences(language)[:count], 1):
            length = round(seconds * sounds.RATE)
            audio = np.pad(one.audio[:length], (0, max(0, length - len(one.audio))))
            found.append(Recording(f"{language}_{number}", language, one.text, codec.as_wav(audio), seconds))
    return found
