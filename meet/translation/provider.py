"""What a translator is asked, what it may answer, and how it says that it cannot."""

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Ask:
    """One text on its way from one language to another, both as BCP 47 tags."""

    text: str
    source: str
    target: str


@dataclass(frozen=True)
class Answer:
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


class Unavailable(NoAnswer):
    """The translator did not answer, or not sensibly: another one may, or the same one later."""


class LeftAlone(Unavailable):
    """The translator was not asked: it failed a moment ago, and one trial at a time finds out whether it is back."""


class Refused(NoAnswer):
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
        raise Unavailable(provider, type(error).__name__) from None


class Provider(Protocol):
    """A translator. `translate` blocks and runs in a thread of its own."""

    name: str

    def speaks(self, source: str, target: str) -> bool:
        """Whether it knows both languages."""

    def translate(self, ask: Ask) -> str:
        """The text in the other language. Raises Unavailable or Refused, and nothing else."""


LONGEST_GROWTH = 12  # an answer so many times as long as the question is none
_PAGE = ("<!doctype", "<html", "<?xml")


def sensible(provider: str, ask: Ask, answer: object) -> str:
    """An answer as one line of text. Raises Unavailable where it is none."""
    if not isinstance(answer, str):
        raise Unavailable(provider, "no text in the answer")
    # a database may refuse control characters and halves of surrogate pairs
    line = " ".join("".join(c for c in answer if c.isspace() or unicodedata.category(c) not in ("Cc", "Cs")).split())
    if not line or len(line) > 200 + LONGEST_GROWTH * len(ask.text):
        raise Unavailable(provider, "an answer of no sensible length")
    if line.casefold().startswith(_PAGE) or not any(character.isalnum() for character in line):
        raise Unavailable(provider, "an answer without words")
    return line
