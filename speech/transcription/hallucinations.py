"""Text that nobody spoke: the model's own doubt, no voice in the sound, repetition, phantom phrases. Pure; says why.

The thresholds come from measurement: an hour of sounds without speech, and people's recordings and short remarks,
through the real `base` model (docs/invented-words.md).
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from speech.engines import Hypothesis, Word
from speech.transcription.phantom_phrases import PHANTOMS

MAX_NO_SPEECH = 0.6
MIN_LOGPROB = -1.0
MAX_COMPRESSION_RATIO = 2.4
REPEATS = 5  # the same words so many times in a row, and little else
REPETITION = re.compile(rf"(.{{2,40}}?)\1{{{REPEATS - 1},}}")
# Right texts were likelier than this, or at least plausible; what Whisper writes for noise, given time, is not
LEAST_LOGPROB = -1.25
# Plausibility: the words' probability (geometric mean) times that of speech. Sentences have 0.24 and more, remarks
# heard rightly 0.1 and more, noise mostly less than 0.05
LEAST_PLAUSIBLE = 0.06
LEAST_PLAUSIBLE_PHANTOM = 0.2
LEAST_PLAUSIBLE_FAST = 0.3
HOT = 0.5  # temperature from which on a text is mostly chance, and as plausible as that one at least
# A remark of a word or two has so few tokens that the end of the text weighs most in its log-probability. With a voice
# in the sound, as long as such a remark takes, it stays down to here
LEAST_PLAUSIBLE_REMARK = 0.04
LEAST_PLAUSIBLE_BY_CHANCE = 0.12  # the same at a raised temperature
MAX_NO_SPEECH_REMARK = 0.7
REMARK_WORDS = 2
REMARK_WIDE_LETTERS = 3
LEAST_PITCHED_SECONDS = 0.15  # of a word; a dog's bark had 0.10
LEAST_PITCHED_SYLLABLE = 0.05  # of one or a few Chinese characters or kana
MOST_PITCHED_SECONDS = 1.0  # laughter, music and ringing go on
# Without word probabilities (a partial): a phantom needs this
WEAK_LOGPROB = -0.7
# Nobody speaks faster than this for a whole clip: syllables of Chinese and kana, or letters, a second of voice
FASTEST_CJK = 14.0
FASTEST_LETTERS = 32.0
# What Whisper writes for a noise by its sound, «BEEP BEEP BEEP», «アッアッアッ»: a piece of so many letters at most
SOUND_WORD_LETTERS = 8
CREDITS = ("字幕", "作詞", "作词", "詞曲", "词曲", "subtitles by", "subtitled by", "transcribed by", "transcription by")
ANNOTATION = re.compile(r"\s*(<\|.*\|>|\[.*\]|\(.*\)|（.*）|【.*】|\*.*\*)\s*")  # «[Music]»: about the sound, not in it


@dataclass(frozen=True)
class Suppressed:
    """Text that is not shown, and the reason; it is kept so that a person can review it."""

    text: str
    reason: str  # "no-words" | "no-speech" | "unsure" | "too-fast" | "compression" | "repetition" | "phantom"


def judge(heard: Hypothesis, voiced_seconds: float, pitched_seconds: float = 0.0) -> Suppressed | None:
    """The reason not to believe a hypothesis, or None. `voiced_seconds`: speech the gate found in the clip;
    `pitched_seconds`: how much of it has a voice's pitch, where somebody measured it."""
    if not heard.text:
        return None
    reason = _doubt(heard, voiced_seconds, pitched_seconds)
    return Suppressed(heard.text, reason) if reason else None


def _doubt(heard: Hypothesis, voiced_seconds: float, pitched_seconds: float) -> str:
    likely = plausibility(heard)
    if is_no_words(heard.text):
        return "no-words"
    if not _is_remark(heard, likely, pitched_seconds):
        if (heard.no_speech_prob > MAX_NO_SPEECH and heard.avg_logprob < MIN_LOGPROB) or likely < LEAST_PLAUSIBLE:
            return "no-speech"
        if heard.avg_logprob < LEAST_LOGPROB and likely < LEAST_PLAUSIBLE_PHANTOM:
            return "unsure"
        if heard.temperature >= HOT and likely < LEAST_PLAUSIBLE_FAST:
            return "unsure"
    if heard.compression_ratio > MAX_COMPRESSION_RATIO:
        return "compression"
    if repeats(heard.text):
        return "repetition"
    if is_phantom(heard.text) and _is_weak(heard, likely, voiced_seconds):
        return "phantom"
    if is_sound_word(heard.text) and heard.no_speech_prob > MAX_NO_SPEECH and likely < LEAST_PLAUSIBLE_FAST:
        return "phantom"
    if likely < LEAST_PLAUSIBLE_FAST and is_too_fast(heard.text, voiced_seconds):
        return "too-fast"
    return ""


def plausibility(heard: Hypothesis) -> float:
    """How likely it is that there is speech and that it is this, 0 to 1."""
    return sureness(heard.words, heard.avg_logprob) * (1 - heard.no_speech_prob)


def sureness(words: Sequence[Word], avg_logprob: float) -> float:
    """The geometric mean of the words' probabilities; the tokens' where there are no words."""
    if not words:
        return math.exp(avg_logprob)
    return math.exp(sum(math.log(max(word.probability, 1e-4)) for word in words) / len(words))


def _is_remark(heard: Hypothesis, likely: float, pitched_seconds: float) -> bool:
    """Whether it is a word or two in somebody's voice, by the sound and, just so, by the model."""
    least_plausible = LEAST_PLAUSIBLE_BY_CHANCE if heard.temperature else LEAST_PLAUSIBLE_REMARK
    if likely < least_plausible or heard.no_speech_prob > MAX_NO_SPEECH_REMARK:
        return False
    if wide := sum(map(_is_wide, heard.text)):
        few, least = wide <= REMARK_WIDE_LETTERS, LEAST_PITCHED_SYLLABLE
    else:
        few, least = len(heard.text.split()) <= REMARK_WORDS, LEAST_PITCHED_SECONDS
    return few and least <= pitched_seconds <= MOST_PITCHED_SECONDS


def is_no_words(text: str) -> bool:
    """Whether a text is symbols alone («❤️», «♪»), or in brackets, as Whisper describes sounds («[Music]»)."""
    return not any(letter.isalnum() for letter in text) or bool(ANNOTATION.fullmatch(text))


def is_sound_word(text: str) -> bool:
    """Whether a text is one short piece again and again, the last one perhaps in part."""
    plain = "".join(letter for letter in bare(text) if letter.isalnum())
    periods = range(1, min(SOUND_WORD_LETTERS, len(plain) // 2) + 1)
    return any(plain[period:] == plain[:-period] for period in periods)


def is_phantom(text: str) -> bool:
    """Whether the whole text is a known phantom, or one said over and over, or a film's credits; a part never is."""
    plain = bare(text)
    if plain.startswith(CREDITS):
        return True
    parts = [bare(part) for part in re.split(r"[.!?。!?\n]+", text)]
    return plain in PHANTOMS or all(part in PHANTOMS for part in parts if part)


def repeats(text: str) -> bool:
    """Whether one piece, said `REPEATS` times or more in a row, makes up most of the text."""
    plain = bare(text)
    return any(len(found[0]) * 2 > len(plain) and len(found[0]) >= 20 for found in REPETITION.finditer(plain))


def is_too_fast(text: str, voiced_seconds: float) -> bool:
    """Whether nobody could say the text in so many seconds."""
    plain = bare(text)
    wide = sum(map(_is_wide, plain))
    return wide / FASTEST_CJK + (len(plain) - wide) / FASTEST_LETTERS > voiced_seconds


def _is_weak(heard: Hypothesis, likely: float, voiced_seconds: float) -> bool:
    """Whether little speaks for a phrase that Whisper likes to invent.

    People do say "Thank you." and "謝謝大家". So the phrase goes only where the model itself doubts it (its words'
    probabilities, its no-speech probability, a high temperature) or where the voice heard is too short for it.
    """
    if heard.temperature >= HOT or heard.no_speech_prob > MAX_NO_SPEECH:
        return True
    if not heard.words and heard.avg_logprob < WEAK_LOGPROB:
        return True
    return likely < LEAST_PLAUSIBLE_PHANTOM or is_too_fast(heard.text, voiced_seconds)


def _is_wide(letter: str) -> bool:
    return letter.isalnum() and unicodedata.east_asian_width(letter) in "WF"


def bare(text: str) -> str:
    """Letters and digits alone, lower case: "Thanks, for watching!" is "thanks for watching"."""
    plain = unicodedata.normalize("NFKC", text).lower()
    kept = "".join(letter for letter in plain if letter.isalnum() or letter in " ー")
    words = " ".join(kept.split())
    return re.sub(r"(?<=[^\x00-\x7f]) | (?=[^\x00-\x7f])", "", words)
