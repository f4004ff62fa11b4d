"""Numbered lines: several lines in one message to a language model, and parsing of its numbered answer. Pure."""

import re
from collections.abc import Sequence

_NUMBER = re.compile(r"^\W{0,4}(\d{1,3})\s*[.:)\]、．：）】]+\s*(.*)$")
_FENCE = "```"


def numbered(texts: Sequence[str]) -> str:
    """The texts as lines `1. …`, `2. …`, each in one line."""
    return "\n".join(f"{number}. {' '.join(text.split())}" for number, text in enumerate(texts, 1))


def parse(answer: str, count: int) -> list[str] | None:
    """The lines of an answer that has exactly the numbers 1 to `count`, in order, each with a text; else None.

    What stands before the first number («Here is …») is left out. What stands without a number behind it may be a note
    of the model's or a part of a line: who is to know? Then there is no answer.
    """
    found: list[str] = []
    for line in (line.strip() for line in answer.splitlines()):
        if not line or line.startswith(_FENCE):
            continue
        match = _NUMBER.match(line)
        if match is None:
            if found:
                return None
            continue
        if int(match[1]) != len(found) + 1 or not match[2].strip():
            return None
        found.append(match[2].strip())
    return found if len(found) == count else None
