"""Numbers in one form: Chinese and English number words as digits, so that «15» and «十五» are no difference."""

from __future__ import annotations

import functools
import re
from typing import Any

from speech import without_numba

DIGITS = {mark: value for value, mark in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
SMALL = {"十": 10, "百": 100, "千": 1000}
LARGE = {"万": 10_000, "亿": 100_000_000}
RUN = re.compile(rf"(?<![0-9.])[0-9{''.join(DIGITS)}{''.join(SMALL)}{''.join(LARGE)}]+")
POINT = re.compile(r"(?<=\d)点(?=\d)")
COMMA = re.compile(r"(?<=\d),(?=\d)")


def chinese(text: str) -> str:
    """Number words of Simplified Chinese (and kanji) as digits. Where a run is no proper number («三四十», «万一») only
    its single digits are replaced."""
    return POINT.sub(".", RUN.sub(lambda found: _value(found[0]), text.replace("百分之", "")))


def _value(run: str) -> str:
    """A run of digits and units as a number in digits."""
    units = SMALL | LARGE
    only_units, only_digits = set(run) <= set(units), set(run).isdisjoint(units)
    if only_digits or run[0] in LARGE or (only_units and run[0] != "十"):
        return "".join(str(DIGITS.get(mark, mark)) for mark in run)
    total, section, digits, last = 0, 0, "", 1
    for part in re.findall(r"[0-9]+|.", run):
        if part in LARGE:
            section += int(digits or 0)
            total, section, digits, last = total + (section or 1) * LARGE[part], 0, "", LARGE[part]
        elif part in SMALL:
            section, digits, last = section + int(digits or 1) * SMALL[part], "", SMALL[part]
        elif DIGITS.get(part) == 0:
            last = 1  # «一百零五» is 105, «一百五» is 150
        elif digits:
            return "".join(str(DIGITS.get(mark, mark)) for mark in run)
        else:
            digits = str(DIGITS.get(part, part))
    colloquial = len(digits) == 1 and last >= 100 and not run[-1].isascii()
    return str(total + section + int(digits or 0) * (last // 10 if colloquial else 1))


def english(text: str) -> str:
    """English number words as digits, by the rules that openai-whisper publishes its error rates with. `text` is in
    lower case, without punctuation."""
    return str(_english()(COMMA.sub("", text)))


@functools.cache
def _english() -> Any:
    without_numba.whisper()
    from whisper.normalizers.english import EnglishNumberNormalizer

    return EnglishNumberNormalizer()
