"""Chinese in the script that was asked for, by OpenCC."""

from __future__ import annotations

import functools

import opencc

TRADITIONAL = frozenset({"hant", "zh-hant", "zh-tw", "zh-hk", "traditional"})
SIMPLIFIED = frozenset({"hans", "zh-hans", "zh-cn", "zh-sg", "simplified"})
# Written in Traditional texts too, although OpenCC's table would change them: 台北, 皇后, 公里, 人云亦云
SHARED = frozenset("台后里云干谷几了只面系松才丑采布准周向升回范余吃佣秋出胡制致表志折卷")


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
        return str(_converter("t2s").convert(text))
    if wanted in TRADITIONAL and is_simplified(text):
        return str(_converter("s2tw").convert(text))
    return text


def is_simplified(text: str) -> bool:
    """Whether some character of `text` belongs to the Simplified script alone."""
    return any(_only_simplified(mark) for mark in set(text) - SHARED)


@functools.lru_cache(4096)
def _only_simplified(mark: str) -> bool:
    return bool(_converter("s2t").convert(mark) != mark and _converter("t2s").convert(mark) == mark)


@functools.cache
def _converter(table: str) -> opencc.OpenCC:
    return opencc.OpenCC(table)
