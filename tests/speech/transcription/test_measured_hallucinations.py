"""speech.transcription.hallucinations on rows that the real `base` wrote: their figures are typed from the
measurement in docs/invented-words.md, and each names the sound it comes from (tools/invented_words)."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from speech.engines import Hypothesis, Word
from speech.transcription.hallucinations import judge, plausibility


@dataclass(frozen=True)
class Row:
    """What was measured: the sound, what the model wrote for it, and how sure it was."""

    sound: str
    text: str
    language: str
    logprob: float
    no_speech: float
    words: tuple[float, ...]  # their probabilities
    voiced: float  # seconds by the gate
    pitched: float  # seconds of them with a voice's pitch
    temperature: float = 0.0

    @property
    def heard(self) -> Hypothesis:
        words = tuple(Word(0.0, 0.3, "", one) for one in self.words)
        return Hypothesis(self.text, self.language, self.logprob, self.no_speech, 1.0, self.temperature, words=words)

    @property
    def reason(self) -> str:
        found = judge(self.heard, self.voiced, self.pitched)
        return found.reason if found else ""


WATCHED = "ご視聴ありがとうございました"
INVENTED = [
    (Row("silence_000", "you", "en", -0.83, 0.93, (0.34,), 2.0, 0.0), "no-speech"),
    (Row("keyboard_000", "Thanks for watching!", "en", -1.03, 0.70, (0.02, 0.83, 0.89), 3.21, 0.22), "no-speech"),
    (Row("melody_008", "Thank you.", "en", -1.14, 0.55, (0.01, 0.96), 19.38, 18.98), "no-speech"),
    (Row("laughter_017", "Buh-bye!", "en", -1.54, 0.60, (0.04, 0.44), 4.11, 2.52), "no-speech"),
    (Row("paper_007", WATCHED, "ja", -0.91, 0.64, (0.0031, 0.47, 1.0, 0.87), 3.64, 0.18), "phantom"),
    (Row("brown_000", WATCHED, "nn", -0.80, 0.70, (0.63,), 14.41, 0.14), "phantom"),
    (Row("knock_010", "字幕製作人", "zh", -0.92, 0.79, (0.02, 0.99, 0.49, 0.98, 0.06), 1.47, 0.76), "no-speech"),
    (Row("chords_022", "字幕製作曲", "zh", -1.09, 0.39, (0.0027, 0.98, 0.44, 0.98, 0.04), 14.64, 4.94), "phantom"),
    (Row("ring_000", "BEEP BEEP BEEP", "en", -0.78, 0.83, (0.13, 0.72, 0.95), 5.67, 2.34), "phantom"),
    (Row("laughter_012", "Buh-buh-buh-buh", "en", -0.84, 0.70, (0.07, 0.52, 0.89, 0.74), 0.9, 0.52), "phantom"),
    (Row("laughter_015", "アッアッアッアッ", "ja", -0.76, 0.76, (0.04, 0.38, 0.29, 0.95), 0.93, 0.4), "phantom"),
    (Row("the same, beam of 5", "はっはっは", "ja", -0.91, 0.76, (0.04, 0.33, 0.95, 0.77), 0.93, 0.4), "phantom"),
    (Row("cough_017", "BANG! BANG!", "en", -0.94, 0.67, (0.05, 0.85), 0.99, 0.04), "phantom"),
    (Row("cough_012", "1°C 2°C 2°C 2°C", "nn", -0.49, 0.58, (0.18, 0.59, 0.75, 0.8), 5.52, 0.64, 0.6), "unsure"),
    (Row("door_000", "1.090 Cmd", "nn", -2.25, 0.50, (0.14, 0.11, 0.35), 4.71, 0.9, 0.8), "unsure"),
    (Row("chords_003", "【音楽】", "ja", -1.50, 0.49, (0.0, 0.04, 0.73, 0.61), 8.56, 2.04), "no-words"),
    (Row("none_jobs_silence.wav", "❤️", "nn", -1.37, 0.51, (0.5,), 3.96, 0.12), "no-words"),
    (Row("none_sb_noise1.flac", "NGTV", "la", -1.52, 0.50, (0.07,), 15.98, 0.04), "no-speech"),
    (Row("none_dog.wav", "BAH!", "en", -1.14, 0.66, (0.31,), 0.39, 0.1), "no-speech"),
    (Row("none_car_horn.wav", WATCHED, "ja", -0.26, 0.55, (0.03, 0.94, 1.0, 0.97), 5.0, 0.02), "phantom"),
]  # fmt: skip

REMARKS = [
    Row("en_remark_okay.wav", "Okay.", "en", -0.45, 0.57, (0.64,), 0.27, 0.08),
    Row("en_remark_okay.wav, among quiet", "Okay.", "en", -0.89, 0.47, (0.61,), 0.27, 0.06),
    Row("ami_dev00.wav, 29.52 s", "Okay.", "en", -0.95, 0.46, (0.53,), 0.6, 0.4),
    Row("the same, beam of 5", "Okay.", "en", -0.96, 0.47, (0.5,), 0.6, 0.4, 0.2),
    Row("en_ami_en2009b.flac, 3.24 s, beam of 5", "Yeah. Yeah.", "en", -1.03, 0.36, (0.23, 0.13), 0.54, 0.2),
    Row("zh_wenet_testmeeting.wav, 0 s, beam of 5", "啊", "zh", -1.35, 0.68, (0.22,), 0.57, 0.12),
    Row("en_ami_en2009b.flac, 3.24 s", "Yeah.", "en", -1.15, 0.39, (0.25,), 0.54, 0.2),
    Row("en_ami_en2009b.flac, 0.1 s", "Yeah", "en", -1.10, 0.44, (0.33,), 0.6, 0.4, 0.6),
    Row("en_libritts_5142.wav, 0 s", "Ten-san.", "en", -1.45, 0.38, (0.12, 0.23), 0.63, 0.34),
    Row("zh_wenet_testmeeting.wav, 0 s", "啊", "zh", -1.64, 0.65, (0.18,), 0.57, 0.12),
    Row("zh_firered_podcast_s1.flac, 0.15 s", "哦", "zh", -1.53, 0.52, (0.09,), 0.51, 0.08),
    Row("zh_soulx_female.wav, 0 s", "喜歡", "zh", -0.88, 0.25, (0.17,), 0.54, 0.28),
    Row("a telephone system's 0, quiet", "Zero.", "en", -1.05, 0.64, (0.39,), 0.72, 0.58),
    Row("a telephone system's 6", "6.", "en", -0.66, 0.79, (0.58,), 0.75, 0.26),
    Row("a telephone system's thanks", "Thank you.", "en", -0.63, 0.13, (0.94, 0.97), 0.84, 0.56),
    Row("the same, quiet", "Thank you.", "en", -0.72, 0.22, (0.83, 0.97), 0.75, 0.48),
]


def by_sound(row: object) -> str | None:
    return row.sound if isinstance(row, Row) else None


@pytest.mark.parametrize(("row", "reason"), INVENTED, ids=by_sound)
def test_words_that_base_invents_for_a_sound_are_suppressed(row: Row, reason: str) -> None:
    assert row.reason == reason


@pytest.mark.parametrize("row", REMARKS, ids=by_sound)
def test_a_remark_that_base_heard_is_shown(row: Row) -> None:
    assert row.reason == ""


@pytest.mark.parametrize("row", [row for row in REMARKS if row.text in ("啊", "哦", "Ten-san.")], ids=by_sound)
def test_a_doubtful_remark_without_a_voice_in_the_sound_is_suppressed(row: Row) -> None:
    assert judge(row.heard, row.voiced, pitched_seconds=0.0) is not None


def test_a_doubtful_word_in_a_sound_that_goes_on_for_seconds_is_no_remark() -> None:
    ten = next(row for row in REMARKS if row.text == "Ten-san.")
    assert judge(ten.heard, voiced_seconds=4.0, pitched_seconds=2.5) is not None


def test_a_sentence_of_a_hard_recording_is_plausible_enough() -> None:
    """The least plausible right text of the recordings: two languages, several voices (mix_reazon_ja_en.flac)."""
    words = (0.06, 0.11, 0.3, 0.37, 0.81, 0.87, 0.24, 0.92, 0.11, 0.45, 0.12, 0.91, 0.51, 0.43, 0.5, 0.91)
    row = Row(
        "mix_reazon_ja_en.flac",
        "今の人に出すごくあるのは見ていますありがとうございます",
        "ja",
        -0.99,
        0.08,
        words,
        8.77,
        3.36,
    )
    assert row.reason == ""
    assert plausibility(row.heard) > 0.2


def test_more_words_than_anybody_says_in_the_time_go_where_the_model_is_unsure() -> None:
    """Written for a «Mhm» of half a second in mix_reazon_ja_en.flac."""
    words = (0.07, 0.87, 0.31, 0.27, 0.53, 0.93)
    row = Row("«Mhm»", "Give us a round of applause for him.", "en", -0.99, 0.41, words, 0.48, 0.18)
    assert row.reason == "too-fast"


@pytest.mark.parametrize("text", ["No, no, no.", "好好好", "はいはい"])
def test_a_word_that_somebody_says_again_clearly_is_shown(text: str) -> None:
    assert Row("", text, "en", -0.3, 0.05, (0.8, 0.9, 0.9), 0.8, 0.5).reason == ""
