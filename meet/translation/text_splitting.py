"""Text splitting at sentence ends, for translators with a length limit. Pure."""

import re
from collections.abc import Callable, Iterable

# where to cut, the best place first: after a sentence, after a part of one, between two words
_ENDS = (
    re.compile(r"[。！？…]+[」』”’）]?\s*|[.!?]+[\"'”’)]?(?:\s+|$)"),
    re.compile(r"[，、；：]\s*|[,;:]\s+"),
    re.compile(r"\s+"),
)
_WITHOUT_SPACES = ("zh-Hant", "zh-Hans", "ja", "th", "lo", "my", "km")


def octets(text: str) -> int:
    """The length of a text as it travels, in UTF-8."""
    return len(text.encode())


def pieces(text: str, limit: int, size: Callable[[str], int] = len) -> list[str]:
    """The text in as few pieces of at most `limit` by `size` as its sentences allow, without the blanks around them."""
    found: list[str] = []
    rest = text.strip()
    while size(rest) > limit:
        at = _cut(rest, limit, size)
        found.append(rest[:at].strip())
        rest = rest[at:].strip()
    return [piece for piece in (*found, rest) if piece]


def joined(parts: Iterable[str], language: str) -> str:
    """Translated pieces as one text, as the language writes sentences in a row."""
    return ("" if language in _WITHOUT_SPACES else " ").join(part.strip() for part in parts)


def _cut(text: str, limit: int, size: Callable[[str], int]) -> int:
    """Where the first piece ends: never at the very beginning, so that there is an end to it."""
    longest = _longest(text, limit, size)
    for end in _ENDS:
        places = [match.end() for match in end.finditer(text) if 0 < len(text[: match.end()].rstrip()) <= longest]
        if places:
            return places[-1]
    return longest


def _longest(text: str, limit: int, size: Callable[[str], int]) -> int:
    """How many characters fit, one at least."""
    low, high = 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if size(text[:middle]) <= limit else (low, middle - 1)
    return low
