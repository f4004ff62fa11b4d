"""The English of a text, by the model's translate task on what the encoder gave for it already: one more decoding."""

from __future__ import annotations

from dataclasses import replace

from speech.engines import Capabilities, Hypothesis, Row
from speech.engines.fallback import MAX_COMPRESSION_RATIO

LATIN_ENDS = "\u0250"  # Latin letters and their accented forms lie below


def wanted(row: Row, heard: Hypothesis, can: Capabilities) -> bool:
    """Whether a row asks for the English of its text, and there is one to be had."""
    asked = row.options.english and row.options.task == "transcribe"
    return asked and can.translates and heard.language != "en" and bool(heard.text)


def translating(row: Row) -> Row:
    """The same clip, to be translated: without its prompt, which is in the language that is spoken."""
    return replace(row, options=replace(row.options, task="translate", prompt=None, timestamps=False, words=False))


def believed(translated: Hypothesis) -> str:
    """The English that was written; empty where it only repeats itself, or is mostly in another script: small models
    now and then write down what they should translate."""
    letters = [letter for letter in translated.text if letter.isalpha()]
    latin = sum(letter < LATIN_ENDS for letter in letters)
    if translated.compression_ratio > MAX_COMPRESSION_RATIO or 2 * latin < len(letters):
        return ""
    return translated.text
