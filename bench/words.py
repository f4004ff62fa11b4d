"""Texts made comparable: what a reader would not call a mistake is no difference."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import jiwer

from speech import script

UNSPACED = "CER"  # characters count where words are not told apart by spaces
SPACED = "WER"


def normal(text: str) -> str:
    """Compatibility forms unified (full-width letters and digits become ordinary ones), case folded, punctuation and
    symbols out but for marks within a word («don't», «10.5»), white space single, Chinese in Simplified characters."""
    folded = unicodedata.normalize("NFKC", script.written(text, "simplified") if is_unspaced(text) else text).casefold()
    kept = [letter if _counts(folded, at) else " " for at, letter in enumerate(folded)]
    return " ".join("".join(kept).replace("’", "'").split())


def _counts(text: str, at: int) -> bool:
    letter = text[at]
    if unicodedata.category(letter)[0] in "PS":
        within = text[at - 1 : at].isalnum() and text[at + 1 : at + 2].isalnum()
        return letter in "'’.," and within and (letter in "'’" or text[at + 1].isdigit())
    return True


def is_unspaced(text: str) -> bool:
    """Whether most of it is Chinese characters or kana."""
    letters = [letter for letter in text if letter.isalpha()]
    wide = sum(unicodedata.east_asian_width(letter) == "W" and not "가" <= letter <= "힣" for letter in letters)
    return wide * 2 > len(letters)


def measure(references: Sequence[str]) -> str:
    """`CER` where most of these texts have no spaces between words, `WER` elsewhere."""
    return UNSPACED if is_unspaced("".join(references)) else SPACED


def errors(reference: str, heard: str, kind: str) -> tuple[int, int]:
    """Insertions, deletions and substitutions, and the length of the reference, in words or characters."""
    wanted, found = normal(reference), normal(heard)
    if kind == UNSPACED:
        of_letters = jiwer.process_characters(wanted.replace(" ", ""), found.replace(" ", ""))
        return _sum(of_letters), len(wanted.replace(" ", ""))
    return _sum(jiwer.process_words(wanted, found)), len(wanted.split())


def _sum(found: jiwer.WordOutput | jiwer.CharacterOutput) -> int:
    return int(found.insertions + found.deletions + found.substitutions)
