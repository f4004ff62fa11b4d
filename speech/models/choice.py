"""Which model serves: the one that WHISPER_MODEL asks for, by a name, a path, or `auto`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from speech.models import store
from speech.models.checkpoint_file import flaw
from speech.models.source import Say as Say
from speech.models.source import Source, file_sha256
from speech.models.store import ModelUnobtainable as ModelUnobtainable

DEMO = Path(__file__).parent.parent / "data" / "demo.pt"
AUTO_ON_GPU = "turbo"
AUTO_ON_CPU = "base"


@dataclass(frozen=True)
class PublishedCheckpoint:
    """A file with a model's weights. `why`: for people, where it is not what they might expect."""

    name: str
    path: Path
    demo: bool = False
    why: str = ""


@dataclass(frozen=True)
class LocatedModel:
    """Where a model lies, or would lie once it is fetched. `sha256`: of the file as OpenAI has it, empty for files that
    nobody has listed."""

    name: str
    path: Path
    sha256: str = ""

    @property
    def model(self) -> str:
        """What the sources and the store call it: `turbo` is the file `large-v3-turbo.pt`."""
        return self.path.stem

    def is_whole(self) -> bool:
        """Whether the file that lies there is the model. True for files that nobody has listed."""
        return not self.sha256 or store.is_whole(self.path, self.model, self.sha256)


def choose(
    wanted: str, folder: Path, known: Mapping[str, str], sources: Sequence[Source], *, gpu: bool, say: Say
) -> PublishedCheckpoint:
    """The checkpoint for the setting `wanted`: `auto`, `demo`, a name in `known`, or a path to a `.pt`.

    `known`: name -> URL, with the SHA-256 as the address's last folder, as openai-whisper lists them. What is not in
    `folder` is fetched from `sources`. Only `auto` may fall back on the bundled model; otherwise `ModelUnobtainable`.
    """
    if wanted == "demo":
        return PublishedCheckpoint("demo", DEMO, demo=True)
    if wanted == "auto":
        return _auto(folder, known, sources, gpu=gpu, say=say)
    if wanted in known:
        return _obtained(_listed(wanted, folder, known), folder, sources, say)
    return _named_file(wanted, known)


def automatic(*, gpu: bool) -> str:
    """The model that `auto` takes."""
    return AUTO_ON_GPU if gpu else AUTO_ON_CPU


def locate(wanted: str, folder: Path, known: Mapping[str, str], *, gpu: bool) -> LocatedModel:
    """Where the checkpoint for the setting `wanted` lies or would lie; nothing is fetched.

    Raises `ModelUnobtainable`."""
    name = automatic(gpu=gpu) if wanted == "auto" else wanted
    if name in known:
        return _listed(name, folder, known)
    found = PublishedCheckpoint("demo", DEMO) if name == "demo" else _named_file(name, known)
    return LocatedModel(found.name, found.path)


def listed(folder: Path, known: Mapping[str, str]) -> list[LocatedModel]:
    """Where each model in `known` lies or would lie."""
    return [_listed(name, folder, known) for name in known]


def _listed(name: str, folder: Path, known: Mapping[str, str]) -> LocatedModel:
    sha256, file = known[name].split("/")[-2:]
    return LocatedModel(name, folder / file, sha256)


def _obtained(place: LocatedModel, folder: Path, sources: Sequence[Source], say: Say) -> PublishedCheckpoint:
    return PublishedCheckpoint(place.name, store.obtain(place.model, place.sha256, folder, sources, say=say))


def _auto(
    folder: Path, known: Mapping[str, str], sources: Sequence[Source], *, gpu: bool, say: Say
) -> PublishedCheckpoint:
    """The model that suits the device. On a GPU whose model cannot be had, the one for a CPU, which has more sources;
    the bundled one where that cannot be had either."""
    why = ""
    for name in dict.fromkeys((automatic(gpu=gpu), AUTO_ON_CPU)):
        place = _listed(name, folder, known)
        try:
            return replace(_obtained(place, folder, sources, say), why=why)
        except ModelUnobtainable as error:
            why = f"{why} {error}".strip()
    why = (
        f"{why} The small bundled model serves instead: it knows some thirty phrases as synthetic voices "
        f"say them. Put {place.path.name} into {folder}, or set WHISPER_MODEL to a path to a .pt."
    )
    say(why)
    return PublishedCheckpoint("demo", DEMO, demo=True, why=why)


def _named_file(wanted: str, known: Mapping[str, str]) -> PublishedCheckpoint:
    path = Path(wanted).expanduser()
    if path.is_dir():
        raise ModelUnobtainable(f"WHISPER_MODEL={wanted!r} {flaw(path)}. Give the path of a .pt, or auto.")
    if path.suffix == ".pt" and path.is_file():
        return PublishedCheckpoint(path.name, path, demo=_is_demo(path))
    if path.suffix == ".pt":
        raise ModelUnobtainable(f"WHISPER_MODEL={wanted!r}: there is no such file. Give the path of a .pt, or auto.")
    raise ModelUnobtainable(
        f"WHISPER_MODEL={wanted!r} is not known. It can be auto, demo, a path to a .pt, or one of {', '.join(known)}."
    )


def _is_demo(path: Path) -> bool:
    """Whether it is the bundled model, by whatever name: it knows no more there."""
    return path.stat().st_size == DEMO.stat().st_size and file_sha256(path) == file_sha256(DEMO)
