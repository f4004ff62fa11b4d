"""speech.coverage: speech that a transcript has no words for is found by time stamps and by the times of words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speech.audio import voice_detection
from speech.audio.samples import Span
from speech.coverage import missing, outside, placed, stretches
from speech.engine_types import Hypothesis, Segment, Word


def heard(*segments: tuple[float, float], words: tuple[Word, ...] = ()) -> Hypothesis:
    return Hypothesis("text", "en", segments=tuple(Segment(a, b, "text") for a, b in segments), words=words)


def test_text_that_stops_early_leaves_the_rest_missing():
    # a clip of 17.9 s of two voices, as the real base heard it: the second sentence is gone, log-probability -0.33
    speech = [Span(0.1, 10.0), Span(11.5, 17.5)]
    segments = heard((0.0, 1.28), (1.28, 4.24), (4.24, 5.04), (5.04, 7.56), (7.56, 9.96))
    assert missing(speech, segments) == [Span(11.5, 17.5)]


def test_a_hole_between_segments_is_missing():
    assert missing([Span(0.0, 9.0)], heard((0.0, 3.0), (6.0, 9.0))) == [Span(3.3, 5.7)]


def test_speech_up_to_the_edges_of_its_segments_is_covered():
    assert missing([Span(0.1, 3.4), Span(4.3, 7.9)], heard((0.0, 3.2), (4.4, 8.0))) == []


def test_a_breath_outside_the_segments_is_not_missing():
    assert missing([Span(0.0, 3.8)], heard((0.0, 3.0))) == []


def test_a_segment_without_words_for_some_seconds_leaves_them_missing():
    words = (Word(0.0, 0.5, " Right"), Word(0.5, 1.0, " okay"))
    (left,) = missing([Span(0.0, 6.0)], heard((0.0, 6.0), words=words))
    assert left.start == pytest.approx(1.3)
    assert left.end == pytest.approx(6.0)


def test_a_first_word_stretched_back_over_others_leaves_them_missing():
    # the real base began at «And I was the youngest.»; the alignment stretched "And" over the seven words before
    words = (Word(0.0, 1.9, " And"), Word(1.9, 2.2, " I"), Word(2.2, 2.5, " was"))
    first = placed(heard((0.0, 2.6), words=words))
    assert first.segments[0].start == first.words[0].start == pytest.approx(1.16)
    (left,) = missing([Span(0.0, 2.6)], first)
    assert left.start == 0.0
    assert 0.6 <= left.end <= 1.2


def test_stretched_first_words_far_from_the_next_one_leave_a_sentence_missing():
    # «I'm Abigail Claflin, you can call me Abbie», then another voice: the real base wrote the other's words alone
    speech = [Span(0.0, 0.45), Span(1.44, 4.68), Span(5.28, 6.12), Span(6.84, 14.67)]
    words = (Word(0.0, 2.0, " If"), Word(4.54, 6.54, " the"), Word(7.58, 7.76, " reader"))
    words += tuple(Word(8.0 + n / 2, 8.4 + n / 2, " will") for n in range(13))
    (left,) = missing(speech, placed(heard((0.0, 14.6), words=words)))
    assert left.start == 1.44
    assert 5.28 <= left.end <= 6.12


def test_words_that_are_not_stretched_stay_where_they_are():
    words = (Word(0.4, 0.8, " Right"), Word(0.8, 1.2, " okay"))
    one = heard((0.0, 1.3), words=words)
    assert placed(one) == one


def test_words_that_are_all_stretched_come_at_the_end():
    words = (Word(0.0, 2.0, " If"), Word(2.0, 6.0, " so"))
    assert placed(heard((0.0, 6.0), words=words)).words == (
        Word(pytest.approx(4.78), pytest.approx(5.39), " If"),
        Word(pytest.approx(5.39), 6.0, " so"),
    )


def test_stretches_with_only_a_pause_between_are_heard_as_one():
    assert missing([Span(0.0, 2.0), Span(3.0, 4.0), Span(5.0, 6.0), Span(9.0, 10.0)], heard((5.0, 6.0))) == [
        Span(0.0, 4.0),
        Span(9.0, 10.0),
    ]


def test_without_word_times_the_segments_alone_tell():
    assert missing([Span(0.0, 6.0)], heard((0.0, 6.0))) == []


def test_no_segments_leave_all_long_speech_missing():
    assert missing([Span(0.0, 2.0), Span(3.0, 3.2)], Hypothesis("", "en")) == [Span(0.0, 2.0)]


def test_speech_with_short_pauses_is_one_stretch():
    assert stretches([Span(0.0, 1.0), Span(1.3, 2.0), Span(2.5, 3.0)]) == [Span(0.0, 2.0), Span(2.5, 3.0)]


times = st.lists(st.tuples(st.integers(0, 300), st.integers(1, 60)), max_size=8)


def spans(drawn: list[tuple[int, int]]) -> list[Span]:
    """Spans in order that do not touch."""
    found: list[Span] = []
    for start, length in sorted(drawn):
        first = max(start, round(found[-1].end * 10) + 1) if found else start
        found.append(Span(first / 10, (first + length) / 10))
    return found


@given(times, times)
def test_what_is_outside_and_what_is_covered_make_the_whole(speech, covered):
    whole, cover = spans(speech), spans(covered)
    left = outside(whole, cover)
    common = sum(max(0.0, min(a.end, b.end) - max(a.start, b.start)) for a in whole for b in cover)
    assert voice_detection.seconds(left) + common == pytest.approx(voice_detection.seconds(whole))
    assert all(one.end > one.start for one in left)
    assert all(one.start >= other.end or one.end <= other.start for one in left for other in cover)
