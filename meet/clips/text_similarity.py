"""Text similarity: whether two lines say nearly the same, ignoring punctuation, case and width."""

import unicodedata
from difflib import SequenceMatcher

NEAR = 0.7  # share of letters in common; a worse microphone costs some
SHORTEST = 6.0  # what several people say at once, a yes or a good morning, is never the same voice twice
KANA, LATIN = 0.6, 1 / 3  # of a Chinese character's worth has a kana, a letter of an alphabet


def letters(text: str) -> str:
    """A line's letters and digits, one form of each."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(c for c in plain if unicodedata.category(c)[0] in "LN")


def long_enough(text: str) -> bool:
    """Whether a line says so much that two people hardly say it at once."""
    return sum(map(_worth, letters(text))) >= SHORTEST


def near(first: str, second: str) -> bool:
    """Whether two lines are near-equal."""
    a, b = letters(first), letters(second)
    if not a or min(len(a), len(b)) < NEAR / (2 - NEAR) * max(len(a), len(b)):
        return False  # so unequal in length that they cannot be
    first, second = sorted((a, b))  # the measure depends on the order, the answer must not
    return SequenceMatcher(None, first, second, autojunk=False).ratio() >= NEAR


def _worth(letter: str) -> float:
    """About how much of a word it is."""
    if "\u3040" <= letter <= "\u30ff":
        return KANA
    return 1.0 if letter >= "\u2e80" or "\u1100" <= letter <= "\u11ff" else LATIN
