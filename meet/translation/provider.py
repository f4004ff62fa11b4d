"""What a translator is asked, what it may answer, and how it says that it cannot."""

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from meet.translation import chinese_scripts

WHISPER = "whisper"  # the provider of what the speech model translated: it hears the clip, and is asked no text


@dataclass(frozen=True)
class TranslationRequest:
    """One text on its way from one language to another, both as BCP 47 tags."""

    text: str
    source: str
    target: str


@dataclass(frozen=True)
class TranslationAnswer:
    """The text in the other language, and who gave it. Chinese may come in either script."""

    text: str
    provider: str


class NoAnswer(Exception):
    """Why there is no translation. `pause`: the translator is best left alone for so many seconds, for any text.

    Carries names only: what these libraries raise holds the sentence and the key, and must end here.
    """

    retryable = True

    def __init__(self, provider: str, why: str, pause: float = 0.0) -> None:
        super().__init__(f"{provider}: {why}")
        self.pause = pause


class TranslatorUnavailable(NoAnswer):
    """The translator did not answer, or not sensibly: another one may, or the same one later."""


class CircuitOpen(TranslatorUnavailable):
    """The translator was not asked: it failed a moment ago, and one trial at a time finds out whether it is back."""


class TranslationRefused(NoAnswer):
    """The translator answered that it will not do this. Asking again soon is no use."""

    retryable = False


@contextmanager
def names_only(provider: str) -> Iterator[None]:
    """What goes wrong inside with one of these libraries, as NoAnswer and by its name alone."""
    try:
        yield
    except NoAnswer:
        raise
    except Exception as error:
        raise TranslatorUnavailable(provider, type(error).__name__) from None


class Provider(Protocol):
    """A translator. `translate` blocks and runs in a thread of its own."""

    name: str

    def speaks(self, source: str, target: str) -> bool:
        """Whether it knows both languages."""

    def translate(self, ask: TranslationRequest) -> str:
        """The text in the other language. Raises TranslatorUnavailable or TranslationRefused, and nothing else."""


LATIN_ENDS = "\u0250"  # Latin letters and their accented forms lie below
NAME_WORDS = 4  # names are the same in both languages: so many capitalised words
NAME_CHARACTERS = 6  # ... or so many Chinese characters, in Japanese
LONGEST_GROWTH = 12  # an answer so many times as long as the question is none
_PAGE = ("<!doctype", "<html", "<?xml")


def sensible(provider: str, ask: TranslationRequest, answer: object) -> str:
    """An answer as one line of text.

    Raises TranslatorUnavailable where it is none, TranslationRefused where it is the question itself."""
    if not isinstance(answer, str):
        raise TranslatorUnavailable(provider, "no text in the answer")
    # a database may refuse control characters and halves of surrogate pairs
    line = " ".join("".join(c for c in answer if c.isspace() or unicodedata.category(c) not in ("Cc", "Cs")).split())
    if not line or len(line) > 200 + LONGEST_GROWTH * len(ask.text):
        raise TranslatorUnavailable(provider, "an answer of no sensible length")
    if line.casefold().startswith(_PAGE) or not any(character.isalnum() for character in line):
        raise TranslatorUnavailable(provider, "an answer without words")
    if echoes(ask, line):
        raise TranslationRefused(provider, "the text came back untranslated")
    return line


def echoes(ask: TranslationRequest, answer: str) -> bool:
    """Whether an answer is the question itself, and more than a name that both languages have."""
    asked = _letters(ask.text, ask.source)
    if asked != _letters(answer, ask.source):
        return False
    if any(letter.isalpha() and letter >= LATIN_ENDS for letter in asked):
        return ask.target not in (*chinese_scripts.CHINESE, "ja") or len(asked) > NAME_CHARACTERS
    words = ask.text.split()
    return len(words) > NAME_WORDS or (len(words) > 1 and any(word[0].islower() for word in words))


def _letters(text: str, language: str) -> str:
    """A text without its punctuation, blanks and capitals, Chinese in one script."""
    plain = chinese_scripts.to_simplified(text) if language in chinese_scripts.CHINESE else text
    return "".join(letter for letter in plain.casefold() if letter.isalnum())
