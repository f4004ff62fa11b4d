"""speech.transcription.sentences: an invented sentence goes, what somebody said before or after it stays."""

from __future__ import annotations

import numpy as np
import pytest

from speech.audio.samples import Span
from speech.engines import Hypothesis, Segment, Word
from speech.transcription.sentences import CheckedSentences, Voice, sifted

NO_SOUND = np.zeros(0, np.float32)
TALK = Voice(NO_SOUND, (Span(0.2, 2.0),))  # speech, then none


def said(start: float, *words: tuple[str, float]) -> tuple[Word, ...]:
    """Words of 0.3 s, one after another, with their probabilities."""
    return tuple(Word(start + 0.3 * i, start + 0.3 * (i + 1), text, sure) for i, (text, sure) in enumerate(words))


def heard(language: str, *segments: tuple[float, float, tuple[Word, ...]]) -> Hypothesis:
    parts = tuple(Segment(a, b, "".join(word.text for word in words).strip()) for a, b, words in segments)
    words = tuple(word for _, _, some in segments for word in some)
    space = "" if language == "zh" else " "
    return Hypothesis(space.join(part.text for part in parts), language, -0.3, 0.05, segments=parts, words=words)


START = said(0.2, (" We", 0.9), (" start", 0.95), (" on", 0.9), (" Monday.", 0.95))
THANKS = said(5.0, (" Thank", 0.02), (" you.", 0.96))


def reasons(left: CheckedSentences) -> list[tuple[str, str]]:
    return [(one.text, one.reason) for one in left.suppressed]


def test_a_phantom_segment_after_the_speech_goes_alone_with_its_reason():
    left = sifted(heard("en", (0.0, 2.0, START), (5.0, 7.0, THANKS)), TALK)
    assert left.heard is not None
    assert left.heard.text == "We start on Monday."
    assert [one.text for one in left.heard.segments] == ["We start on Monday."]
    assert left.heard.words == START
    assert reasons(left) == [("Thank you.", "phantom")]


def test_a_phantom_sentence_within_a_segment_goes_and_the_segment_ends_sooner():
    left = sifted(heard("en", (0.0, 7.0, START + THANKS)), TALK)
    assert left.heard is not None
    assert left.heard.text == "We start on Monday."
    assert left.heard.segments[0].end == pytest.approx(START[-1].end)
    assert reasons(left) == [("Thank you.", "phantom")]


def test_a_phantom_before_the_speech_goes():
    voice = Voice(NO_SOUND, (Span(5.0, 7.0),))
    opening = said(0.0, ("字", 0.01), ("幕", 0.9), ("製作", 0.4), ("人。", 0.1))
    talk = said(5.0, ("我們", 0.9), ("開始", 0.9), ("吧。", 0.9))
    left = sifted(heard("zh", (0.0, 2.0, opening), (5.0, 7.0, talk)), voice)
    assert left.heard is not None
    assert left.heard.text == "我們開始吧。"
    assert reasons(left) == [("字幕製作人。", "phantom")]


def test_phantoms_and_nothing_else_go_together():
    farewell = said(7.0, (" See", 0.5), (" you", 0.9), (" in", 0.9), (" the", 0.9), (" next", 0.9), (" video.", 0.9))
    left = sifted(heard("en", (5.0, 7.0, THANKS), (7.0, 9.0, farewell)), TALK)
    assert left.heard is None
    assert reasons(left) == [("Thank you.", "phantom"), ("See you in the next video.", "phantom")]


def test_thanks_that_somebody_says_at_the_end_stay():
    thanks = said(1.4, (" Thank", 0.83), (" you.", 0.97))
    row = heard("en", (0.0, 1.4, START), (1.4, 2.0, thanks))
    assert sifted(row, TALK) == CheckedSentences(row)


def test_a_description_of_a_sound_goes():
    left = sifted(heard("en", (0.0, 2.0, START), (5.0, 7.0, said(5.0, (" [Music]", 0.9)))), TALK)
    assert left.heard is not None
    assert left.heard.text == "We start on Monday."
    assert reasons(left) == [("[Music]", "no-words")]


def test_the_english_of_a_text_of_which_a_part_went_is_not_its_own_any_more():
    row = heard("en", (0.0, 2.0, START), (5.0, 7.0, THANKS))
    left = sifted(Hypothesis(**{**row.__dict__, "english": "We start on Monday. Thank you."}), TALK)
    assert left.heard is not None
    assert left.heard.english == ""


def test_segments_without_word_times_stay_as_they_are():
    row = Hypothesis("One. Thank you.", "en", -0.3, 0.05, segments=(Segment(0, 1, "One."), Segment(1, 2, "Thank you.")))
    assert sifted(row, TALK).heard == row


def test_a_text_that_is_not_believed_at_all_goes_whole():
    row = heard("en", (0.0, 2.0, THANKS))
    left = sifted(row, TALK)
    assert left.heard is None
    assert reasons(left) == [("Thank you.", "phantom")]
