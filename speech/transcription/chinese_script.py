"""Chinese in the script that was asked for, by OpenCC."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence

import opencc

TRADITIONAL = frozenset({"hant", "zh-hant", "zh-tw", "zh-hk", "traditional"})
SIMPLIFIED = frozenset({"hans", "zh-hans", "zh-cn", "zh-sg", "simplified"})
# In Taiwan's own character set too, though today's texts write them for the Simplified word alone
SHARED = frozenset("万与优价体儿党听坏夸复怀惊扰据机构极气种离确适赶响")
HAN = range(0x4E00, 0xA000)


def known(script: str) -> bool:
    """Whether `script` names one of the two, or asks for no conversion."""
    return script.lower() in TRADITIONAL | SIMPLIFIED | {""}


def written(text: str, script: str) -> str:
    """Chinese `text` in `script`; as it is where `script` is empty.

    OpenCC's table is not its own inverse (計畫 comes back as 計劃), so text that is Traditional already stays
    as it is: only what holds a character of the Simplified script alone is converted.
    """
    wanted = script.lower()
    if wanted in SIMPLIFIED:
        return str(_converter("tw2s").convert(text))
    if wanted in TRADITIONAL and is_simplified(text):
        return str(_converter("s2tw").convert(text))
    return text


def written_apart(parts: Sequence[str], script: str) -> list[str]:
    """Neighbouring `parts` of one text, as `written` writes the whole: a character's other form hangs on those beside
    it. Where the whole becomes longer or shorter, each is written alone."""
    whole = "".join(parts)
    text = written(whole, script)
    if len(text) != len(whole):
        return [written(part, script) for part in parts]
    ends = list(itertools.accumulate(map(len, parts)))
    return [text[first:last] for first, last in zip([0, *ends], ends, strict=False)]


def is_simplified(text: str) -> bool:
    """Whether `text` holds a character that Traditional texts never do. The web tier judges by the same rule, in a
    module of its own: neither tier imports the other's."""
    return not _only_simplified().isdisjoint(text)


@functools.cache
def _only_simplified() -> frozenset[str]:
    """What the mainland's character set has (GB 2312), Taiwan's has not (Big5), and OpenCC changes; `SHARED` too."""
    mainland = [mark for mark in map(chr, HAN) if _in(mark, "gb2312") and not _in(mark, "big5")]
    traditional = _converter("s2tw").convert("\n".join(mainland)).split("\n")
    return SHARED.union(mark for mark, other in zip(mainland, traditional, strict=True) if mark != other)


def _in(mark: str, charset: str) -> bool:
    return bool(mark.encode(charset, "ignore"))


@functools.cache
def _converter(table: str) -> opencc.OpenCC:
    return opencc.OpenCC(table)
