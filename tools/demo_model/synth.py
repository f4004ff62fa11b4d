"""Sentences spoken by machines: espeak-ng in all three languages, and flite in English where it is installed."""

import random
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from pypinyin import Style, lazy_pinyin

from speech.audio import codec
from speech.audio.codec import Audio
from tools.demo_model.corpus import LANGUAGES, Spoken
from tools.demo_model.grammar import Phrase, sentence

VARIANTS = (
    "",
    *(f"+m{n}" for n in range(1, 8)),
    *(f"+f{n}" for n in range(1, 6)),
    *("+Alex", "+Andrea", "+Annie", "+Denis", "+Michael", "+Lee", "+linda", "+steph", "+travis", "+max", "+belinda"),
)
UNHEARD = ("+adam", "+anika", "+benjamin", "+grandma", "+m8", "+victor")  # for measuring alone
ENGLISH = ("en-us", "en-gb", "en-gb-x-rp", "en-029")
FLITE = ("kal16", "awb", "rms", "slt")
FLITE_SHARE = 0.35  # of the English
THREADS = 4

_AUDIBLE = 60 / 32768
_PEAK = 20000 / 32768
_BEFORE, _AFTER = 400, 800  # samples kept around what is audible


def missing() -> str:
    """What must be installed first, in a sentence; empty where nothing is."""
    return "" if shutil.which("espeak-ng") else "espeak-ng is not installed (Debian: apt-get install espeak-ng)"


def spoken(sentences: int, seed: int, variants: Sequence[str] = VARIANTS) -> Iterator[Spoken]:
    """So many sentences, the languages in turn; the same for the same seed."""

    def one(n: int) -> Spoken:
        rng = random.Random(seed * 10_000_019 + n)  # noqa: S311 - variety, not secrecy
        phrase, language = sentence(rng), LANGUAGES[n % len(LANGUAGES)]
        return Spoken(language, phrase.zh, phrase.en, phrase.ja, _trimmed(_speak(phrase, language, rng, variants)))

    with ThreadPoolExecutor(THREADS) as threads:
        yield from threads.map(one, range(sentences))


def _speak(phrase: Phrase, language: str, rng: random.Random, variants: Sequence[str]) -> Audio:
    if language == "en" and variants is VARIANTS and shutil.which("flite") and rng.random() < FLITE_SHARE:
        stretch = f"duration_stretch={rng.uniform(0.8, 1.25):.2f}"
        return _heard(["flite", "-voice", rng.choice(FLITE), "--setf", stretch, "-t", phrase.en, "-o", "/dev/stdout"])
    voice, text = {
        "zh": ("cmn-latn-pinyin", _pinyin(phrase.zh)),
        "en": (rng.choice(ENGLISH), phrase.en),
        "ja": ("ja", phrase.kana),
    }[language]
    speed, pitch = str(rng.randint(125, 200)), str(rng.randint(25, 75))
    return _heard(["espeak-ng", "-v", voice + rng.choice(variants), "-s", speed, "-p", pitch, "--stdout", text])


def _heard(command: Sequence[str]) -> Audio:
    wav = subprocess.run(command, capture_output=True, check=True).stdout
    # written to a pipe, the header does not know how long the sound is
    return codec.decode(wav[:4] + _u32(len(wav) - 8) + wav[8:40] + _u32(len(wav) - 44) + wav[44:])


def _u32(value: int) -> bytes:
    return value.to_bytes(4, "little")


def _trimmed(audio: Audio) -> Audio:
    heard = np.flatnonzero(np.abs(audio) > _AUDIBLE)
    kept = audio[max(0, heard[0] - _BEFORE) : heard[-1] + _AFTER]
    return np.asarray(kept / np.abs(kept).max() * _PEAK, dtype=np.float32)


def _pinyin(text: str) -> str:
    """espeak-ng reads Chinese better in Latin letters with numbers for tones."""
    return " ".join(lazy_pinyin(text, style=Style.TONE3, neutral_tone_with_five=True)).replace("。", ".")
