"""The sentences that the bundled model knows, in three languages: one choice fills the same slot in all of them."""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PHRASES = Path(__file__).with_name("phrases.json")

_CHINESE = ["零", "一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二"]
_ENGLISH = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_TEENS = ["ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
_TENS = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_KANA = ["れい", "いち", "に", "さん", "よん", "ご", "ろく", "なな", "はち", "きゅう"]
_KANA_HOURS = ["れい", "いち", "に", "さん", "よ", "ご", "ろく", "しち", "はち", "く", "じゅう", "じゅういち"]


@dataclass(frozen=True)
class Phrase:
    """The same in Chinese (Traditional), English and Japanese, and how the Japanese is read."""

    zh: str
    en: str
    ja: str
    kana: str

    def filled(self, slots: dict[str, "Phrase"]) -> "Phrase":
        """With something in each slot, and a capital at the beginning of the English."""
        zh, en, ja, kana = (
            getattr(self, name).format(**{slot: getattr(phrase, name) for slot, phrase in slots.items()})
            for name in ("zh", "en", "ja", "kana")
        )
        return Phrase(zh, en[0].upper() + en[1:], ja, kana)


def number(n: int) -> Phrase:
    """A number below a hundred."""
    tens, ones = divmod(n, 10)
    if n < len(_KANA):
        english = _ENGLISH[n]
    elif tens == 1:
        english = _TEENS[ones]
    else:
        english = _TENS[tens] + (f"-{_ENGLISH[ones]}" if ones else "")
    written = _with_tens(_CHINESE, "十", tens, ones)
    return Phrase(written, english, written, _with_tens(_KANA, "じゅう", tens, ones))


def hour(n: int, *, morning: bool) -> Phrase:
    """A full hour, 1 to 11."""
    half = ("上午", "in the morning", "午前", "ごぜん") if morning else ("下午", "in the afternoon", "午後", "ごご")
    chinese = "兩" if n == 2 else _CHINESE[n]
    return Phrase(
        f"{half[0]}{chinese}點",
        f"{_ENGLISH[n]} {half[1]}",
        f"{half[2]}{_CHINESE[n]}時",
        f"{half[3]}{_KANA_HOURS[n]}じ",
    )


def sentence(rng: random.Random) -> Phrase:
    """One of the sentences with something in each of its slots."""
    slots, sentences = _phrases()
    chosen = rng.choice(sentences)
    return chosen.filled({slot: rng.choice(phrases) for slot, phrases in slots.items()})


def _with_tens(digits: Sequence[str], ten: str, tens: int, ones: int) -> str:
    front = ("" if tens == 1 else digits[tens]) + ten if tens else ""
    return front + (digits[ones] if ones or not tens else "")


@cache
def _phrases() -> tuple[dict[str, list[Phrase]], list[Phrase]]:
    told = json.loads(PHRASES.read_text(encoding="utf-8"))
    slots = {slot: [Phrase(**phrase) for phrase in phrases] for slot, phrases in told["slots"].items()}
    slots["num"] = [number(n) for n in range(3, 100)]
    slots["time"] = [hour(n, morning=True) for n in range(7, 12)] + [hour(n, morning=False) for n in range(1, 7)]
    return slots, [Phrase(**phrase) for phrase in told["sentences"]]
