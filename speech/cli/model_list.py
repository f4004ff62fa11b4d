"""Command `speech models`: installed models, what each needs, and what `auto` would choose."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from speech import loading
from speech.config import Config
from speech.models import choice, memory, sources
from speech.models.source import Source

MEGABYTE, GIGABYTE = 1 << 20, 1 << 30


@dataclass(frozen=True)
class Machine:
    """Where a model would compute, and the bytes that are free there; None where nobody says."""

    device: str
    free: int | None


@dataclass(frozen=True)
class Model:
    """A model that can be asked for by name, on one machine. Sizes in bytes."""

    name: str
    path: str
    present: bool
    parameters: int
    download: int  # of its file: as it lies there, or about so much
    memory: int  # to reckon with while it is loaded and works
    fits: bool | None  # None: nobody says how much is free
    auto: bool  # what WHISPER_MODEL=auto takes here
    sources: tuple[str, ...]  # which of WHISPER_SOURCES have it, in their order

    def shown(self, machine: Machine) -> dict[str, Any]:
        """As JSON has it."""
        return {**asdict(self), "device": machine.device, "free": machine.free}


def machine(config: Config) -> Machine:
    """This machine as `config` uses it. Raises `BadSetting`."""
    import torch

    device = loading.chosen_device(config.device, torch.cuda.device_count() if torch.cuda.is_available() else 0)
    return Machine(device, memory.free_on(device))


def models(config: Config, known: Mapping[str, str], here: Machine) -> list[Model]:
    """The bundled model and those that openai-whisper lists (`known`: name -> URL)."""
    chosen = choice.automatic(gpu=here.device.startswith("cuda"))
    found = sources.of(config.sources, known, config.hf_endpoint)
    places = [choice.LocatedModel("demo", choice.DEMO), *choice.listed(config.model_dir, known)]
    return [_model(place, here, found, auto=place.name == chosen) for place in places]


def lines(found: Sequence[Model], here: Machine) -> Iterator[str]:
    """A table for people."""
    free = f"{here.free / GIGABYTE:.1f} GB of memory free" if here.free is not None else "free memory unknown"
    yield f"{here.device}, {free}"
    yield f"{'model':16} {'parameters':>10} {'download':>9} {'memory':>7}  {'fits':4} {'auto':4} installed"
    for one in found:
        yield (
            f"{one.name:16} {one.parameters / 1e6:8.0f} M {one.download / MEGABYTE:6.0f} MB "
            f"{one.memory / GIGABYTE:4.1f} GB  {_fit(one.fits):4} {'auto' if one.auto else '':4} "
            f"{one.path if one.present else _from(one)}"
        )


def _model(place: choice.LocatedModel, here: Machine, found: Sequence[Source], *, auto: bool) -> Model:
    parameters = memory.parameters_of(place.name)
    size = _size(place.path)
    needed = memory.needed(parameters)
    return Model(
        name=place.name,
        path=str(place.path),
        present=size is not None,
        parameters=round(parameters),
        download=memory.in_file(parameters) if size is None else size,
        memory=needed,
        fits=None if here.free is None else needed <= here.free,
        auto=auto,
        sources=tuple(source.name for source in found if source.has(place.model)),
    )


def _size(path: Path) -> int | None:
    return path.stat().st_size if path.is_file() else None


def _from(model: Model) -> str:
    return f"no; from {', '.join(model.sources)}" if model.sources else "no, and no source of WHISPER_SOURCES has it"


def _fit(fits: bool | None) -> str:
    return "?" if fits is None else "yes" if fits else "no"
