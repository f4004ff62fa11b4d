"""Whisper models from OpenAI's own address, by openai-whisper's list, which has each file's SHA-256."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from speech.models.download import Remote, download
from speech.models.source import ANSWER_SECONDS, Say


class OpenAI:
    """The source `openai`. `known`: name -> URL whose last folder is the SHA-256, as openai-whisper lists them."""

    name = "openai"

    def __init__(self, known: Mapping[str, str], patience: float = ANSWER_SECONDS) -> None:
        self._urls = {url.rsplit("/", 1)[-1].removesuffix(".pt"): url for url in known.values()}
        self._patience = patience

    def has(self, model: str) -> bool:
        return model in self._urls

    def address(self, model: str) -> str:
        return self._urls[model]

    def fetch(self, model: str, work: Path, say: Say) -> Path:
        url = self._urls[model]
        return download(Remote(url, url.split("/")[-2], model), work, say, self._patience)
