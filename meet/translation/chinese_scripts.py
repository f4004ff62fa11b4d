"""Chinese in its two scripts, by OpenCC: local and instant, words kept as they are."""

import functools
from typing import Final

import opencc

CHINESE: Final = ("zh-Hant", "zh-Hans")

# Characters that Taiwan's own character set holds too, but which texts written today use for the Simplified word alone.
_AS_GOOD_AS_SIMPLIFIED: Final = frozenset("万与优价体儿党听坏夸复怀惊扰据机构极气种离确适赶响")


def is_simplified(text: str) -> bool:
    """Whether a Chinese text is written in Simplified characters: one that Traditional texts never use is enough."""
    return not _only_simplified().isdisjoint(text)


def to_traditional(text: str) -> str:
    """A Chinese text in Traditional characters, Taiwan's. One that is not found to be Simplified stays as it is.

    Conversion is not exact (台北 would become 臺北): what is Traditional already is never sent through it.
    """
    return str(_converter("s2tw").convert(text)) if is_simplified(text) else text


def to_simplified(text: str) -> str:
    """A Chinese text in Simplified characters."""
    return str(_converter("tw2s").convert(text))


def in_script(text: str, tag: str) -> str:
    """A Chinese text in the script of the tag, `zh-Hant` or `zh-Hans`."""
    return to_traditional(text) if tag == "zh-Hant" else to_simplified(text)


@functools.cache
def _converter(config: str) -> opencc.OpenCC:
    return opencc.OpenCC(config)


@functools.cache
def _only_simplified() -> frozenset[str]:
    """What the mainland's character set (GB 2312) has, Taiwan's (Big5) has not, and conversion changes."""
    han = (chr(code) for code in range(0x4E00, 0xA000))
    candidates = [c for c in han if _encodes(c, "gb2312") and not _encodes(c, "big5")]
    converted = _converter("s2tw").convert("\n".join(candidates)).split("\n")
    changed = {c for c, to in zip(candidates, converted, strict=True) if c != to}
    return _AS_GOOD_AS_SIMPLIFIED | changed


def _encodes(character: str, charset: str) -> bool:
    try:
        character.encode(charset)
    except UnicodeEncodeError:
        return False
    return True
