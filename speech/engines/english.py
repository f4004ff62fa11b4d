"""The English of a text, by the model's translate task on what the encoder gave for it already: one more decoding."""

from __future__ import annotations

from dataclasses import replace

from speech.engines import Capabilities, Hypothesis, Row
from speech.engines.fallback import MAX_COMPRESSION_RATIO


def wanted(row: Row, heard: Hypothesis, can: Capabilities) -> bool:
    """Whether a row asks for the English of its text, and there is one to be had."""
    asked = row.options.english and row.options.task == "transcribe"
    return asked and can.translates and heard.language != "en" and bool(heard.text)


def translating(row: Row) -> Row:
    """The same clip, to be translated: without its prompt, which is in the language that is spoken."""
    return replace(row, options=replace(row.options, task="translate", prompt=None, timestamps=False, words=False))


def believed(translated: Hypothesis) -> str:
    """The English that was written; empty where it only repeats itself."""
    return "" if translated.compression_ratio > MAX_COMPRESSION_RATIO else translated.text
