"""Texts made comparable, and the errors in them: what a reader would not call a mistake is no difference."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import jiwer

from bench import numbers
from speech.transcription import chinese_script

UNSPACED = "CER"  # characters count where words are not told apart by spaces
SPACED = "WER"
MIXED = "MER"  # two languages in one text: a Chinese character or kana counts like a word
EDGE_WORDS, EDGE_CHARACTERS = 2, 4  # so much missing at an end is a lost edge


@dataclass(frozen=True)
class Counts:
    """Errors of one text, in words or characters. `length`: of the reference."""

    lost: int
    invented: int
    changed: int
    length: int
    lost_edge: bool = False  # the reference's first or last words are missing

    @property
    def errors(self) -> int:
        return self.lost + self.invented + self.changed


def normal(text: str, kind: str | None = None) -> str:
    """Compatibility forms unified (full-width letters and digits become ordinary ones), case folded, punctuation and
    symbols out but for marks within a word («don't», «10.5»), white space single, Chinese in Simplified characters.
    `kind`: the measure it is for; decided by the text unless given."""
    wide = is_unspaced(text) if kind is None else kind != SPACED
    folded = unicodedata.normalize("NFKC", chinese_script.written(text, "simplified") if wide else text).casefold()
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
    return sum(map(is_wide, letters)) * 2 > len(letters)


def is_wide(letter: str) -> bool:
    """Whether it is a Chinese character or kana."""
    return unicodedata.east_asian_width(letter) == "W" and not "가" <= letter <= "힣"


def measure(references: Sequence[str]) -> str:
    """`CER` where most of these texts have no spaces between words, `WER` elsewhere."""
    return UNSPACED if is_unspaced("".join(references)) else SPACED


def tokens(text: str, kind: str) -> list[str]:
    """What is counted: words, characters, or both, all numbers in digits."""
    plain = normal(text, kind)
    if kind == UNSPACED:
        return list(numbers.chinese(plain.replace(" ", "")))
    if kind == MIXED:
        plain = "".join(f" {letter} " if is_wide(letter) else letter for letter in numbers.chinese(plain))
    return normal(numbers.english(plain), SPACED).split()


def counted(reference: str, heard: str, kind: str) -> Counts:
    """The errors in `heard`. A reference without words is silence: all that was heard is invented then."""
    wanted, found = tokens(reference, kind), tokens(heard, kind)
    if not wanted:
        return Counts(0, len(found), 0, 0)
    aligned = jiwer.process_words(" ".join(wanted), " ".join(found))
    missing: set[int] = set()
    for part in aligned.alignments[0]:
        if part.type == "delete":
            missing.update(range(part.ref_start_idx, part.ref_end_idx))
    return Counts(
        lost=int(aligned.deletions),
        invented=int(aligned.insertions),
        changed=int(aligned.substitutions),
        length=len(wanted),
        lost_edge=_edge(wanted) <= missing or {len(wanted) - 1 - at for at in _edge(wanted[::-1])} <= missing,
    )


def _edge(wanted: Sequence[str]) -> set[int]:
    """The places of the first words: four characters, or two words."""
    size = EDGE_CHARACTERS if len(wanted[0]) == 1 and is_wide(wanted[0]) else EDGE_WORDS
    return set(range(min(size, len(wanted))))


def errors(reference: str, heard: str, kind: str) -> tuple[int, int]:
    """All errors together, and the length of the reference, in words or characters."""
    counts = counted(reference, heard, kind)
    return counts.errors, counts.length
