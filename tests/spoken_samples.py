"""Spoken samples for every machine: sentences in English, Japanese and Chinese out of the package `pytest-audioeval`.

The package (MIT) is fetched by its hash through pip, into the cache of the real model; only its recordings and their
texts are read, and nothing of it is installed.
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

from bench.index import Recording
from speech.audio import codec
from speech.models import pip_download
from speech.models.pip_download import Wheel
from speech.models.source import Progress
from tests import real_model

WHEEL = Wheel(
    file="pytest_audioeval-0.1.3-py3-none-any.whl",
    package="pytest-audioeval",
    version="0.1.3",
    sha256="8b97369347232d43180dd9860189c547ccc8dedb42b7c21d511ddc5a05ef7ecc",
    size=3_959_807,
)
LANGUAGES = ("en", "ja", "zh")
# Numbers may be written as digits or as words; and nobody speaks as the two old poems do
UNUSED = ("en/counting", "ja/kazoeru", "zh/jishu", "ja/pangrama", "zh/pangrama")


def wheel() -> Path:
    """The wheel in the tests' cache, fetched unless it is there. Raises `SourceFailed`, `OSError`."""
    path = real_model.folder() / WHEEL.file
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        pip_download.download(WHEEL, path.parent, Progress(WHEEL.package, WHEEL.size, _say))
    return path


def recordings() -> list[Recording]:
    """All samples in the languages of a room."""
    found = []
    with zipfile.ZipFile(wheel()) as archive:
        for name in sorted(archive.namelist()):
            language = Path(name).parent.name
            if language in LANGUAGES and name.endswith(".wav") and f"{language}/{Path(name).stem}" not in UNUSED:
                sound = archive.read(name)
                text = archive.read(name.removesuffix(".wav") + ".txt").decode("utf-8").strip()
                seconds = len(codec.decode(sound)) / codec.SAMPLE_RATE
                found.append(Recording(f"{language}/{Path(name).name}", language, text, sound, seconds))
    return found


def _say(line: str) -> None:
    print(f"[spoken samples] {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    print(wheel())
