"""speech.cli.subtitles: cues that can be read, in documents that players take."""

from __future__ import annotations

import re
import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speech.cli.subtitles import COLUMNS, LONGEST_SECONDS, Cue, columns, cues, srt, vtt
from speech.engines import Segment, Word

LONG = (
    "Good morning everyone, today we will discuss the website, the database and the sales target. Mr. Tanaka is in "
    "Singapore, and nobody knows when he will come back; please ask Ms. Sato about it."
)


def spaced(text: str, pace: float = 0.3, start: float = 0.0) -> list[Word]:
    """A text's words, each `pace` seconds long."""
    return [
        Word(start + i * pace, start + (i + 1) * pace, (" " if i else "") + word) for i, word in enumerate(text.split())
    ]


def letters(text: str, pace: float = 0.2) -> list[Word]:
    return [Word(i * pace, (i + 1) * pace, letter) for i, letter in enumerate(text)]


def test_a_subrip_document_has_numbers_commas_and_a_blank_line_after_each_cue():
    document = srt([Cue(0.5, 2.25, ("One.",)), Cue(3661.001, 3662.0, ("Two,", "lines."))])
    assert document == ("1\n00:00:00,500 --> 00:00:02,250\nOne.\n\n2\n01:01:01,001 --> 01:01:02,000\nTwo,\nlines.\n\n")


def test_a_webvtt_document_has_its_header_and_points():
    document = vtt([Cue(0.5, 2.25, ("One.",)), Cue(3661.001, 3662.0, ("Two,", "lines."))])
    assert document == (
        "WEBVTT\n\n00:00:00.500 --> 00:00:02.250\nOne.\n\n01:01:01.001 --> 01:01:02.000\nTwo,\nlines.\n"
    )


def test_what_would_be_markup_or_a_time_line_is_text():
    (cue,) = cues([Segment(0.0, 3.0, "a --> b & <i>c</i>")])
    assert "a --&gt; b &amp; &lt;i&gt;c&lt;/i&gt;" in vtt([cue])
    assert "a → b & <i>c</i>" in srt([cue])


def test_a_blank_line_or_a_control_character_in_a_text_ends_no_cue():
    (cue,) = cues([Segment(0.0, 3.0, "One\n\ntwo\x00three\ttoo ")])
    assert cue.lines == ("One two three too",)


def test_without_speech_a_document_is_empty_but_whole():
    assert cues([]) == []
    assert srt([]) == ""
    assert vtt([]) == "WEBVTT\n"
    assert cues([Segment(0.0, 1.0, "  ")]) == []


def test_a_short_text_is_one_cue_on_one_line_and_stays_long_enough_to_be_read():
    assert cues([Segment(1.0, 1.3, "Yes.")]) == [Cue(1.0, 2.0, ("Yes.",))]


def test_a_cue_never_stays_into_the_next():
    assert [(c.start, c.end) for c in cues([Segment(1.0, 1.3, "Yes."), Segment(1.5, 3.0, "No.")])] == [
        (1.0, 1.5), (1.5, 3.0),
    ]  # fmt: skip


def test_a_segment_with_silence_in_it_is_one_cue_that_goes():
    assert cues([Segment(0.0, 25.0, "Thank you.")]) == [Cue(0.0, 3.0, ("Thank you.",))]


def test_a_long_sentence_is_parted_after_its_punctuation():
    shown = [cue.lines for cue in cues([], spaced(LONG))]
    assert shown == [
        ("Good morning everyone,", "today we will discuss the website,"),
        ("the database and the sales target.",),
        ("Mr. Tanaka is in Singapore,", "and nobody knows when he will come back;"),
        ("please ask Ms. Sato about it.",),
    ]


def test_words_give_cues_their_own_times():
    found = cues([], spaced(LONG, start=10.0))
    assert found[0].start == 10.0
    assert found[1].start == pytest.approx(10.0 + 9 * 0.3)
    assert found[-1].end == pytest.approx(10.0 + len(LONG.split()) * 0.3)


def test_a_pause_begins_a_new_cue():
    words = [*spaced("We need six people."), *spaced("And a room.", start=5.0)]
    assert [(c.start, c.lines) for c in cues([], words)] == [
        (0.0, ("We need six people.",)), (5.0, ("And a room.",)),
    ]  # fmt: skip


def test_a_cue_holds_words_of_one_segment_and_no_silence_beside_it():
    segments = [Segment(0.5, 2.0, "Let's begin."), Segment(4.0, 6.0, "Ms. Sato, please.")]
    words = [
        Word(0.0, 1.0, " Let's"), Word(1.0, 2.2, " begin."),
        Word(2.2, 4.5, " Ms."), Word(4.5, 5.0, " Sato,"), Word(5.0, 7.0, " please."),
    ]  # fmt: skip
    assert cues(segments, words) == [Cue(0.5, 2.0, ("Let's begin.",)), Cue(4.0, 6.0, ("Ms. Sato, please.",))]


def test_words_of_another_text_than_the_segments_go_by_themselves():
    words = [Word(0.0, 1.0, "One"), Word(1.0, 2.0, " two.")]
    assert cues([Segment(0.0, 9.0, "Three.")], words) == [Cue(0.0, 2.0, ("One two.",))]


def test_a_chinese_line_holds_twenty_one_characters_and_begins_with_no_punctuation():
    text = "我們今天要討論的是語音辨識系統的更新,請陳先生說明一下目前的進度,然後我們再決定要不要延後。"
    found = cues([], letters(text))
    assert all(columns(line) <= COLUMNS for cue in found for line in cue.lines)
    assert all(line[0] not in ",。" for cue in found for line in cue.lines)
    assert "".join(line for cue in found for line in cue.lines) == text


def test_an_opening_bracket_stays_with_what_it_opens():
    found = cues([], letters("あ" * 20 + "「顧客の意見」を送ってください。"))
    assert all(line[-1] != "「" for cue in found for line in cue.lines)


def test_a_word_that_no_line_holds_is_parted():
    found = cues([], [Word(0.0, 10.0, "x" * 100)])
    assert "".join(line for cue in found for line in cue.lines) == "x" * 100
    assert found[-1].end == pytest.approx(10.0)


def test_an_accent_written_apart_takes_no_column_and_stays_with_its_letter():
    assert columns("e\u0301") == 1
    found = cues([], [Word(0.0, 4.0, "e\u0301" * 60)])
    assert all(not line.startswith("\u0301") for cue in found for line in cue.lines)


TEXT = st.lists(
    st.text(st.sampled_from("aAiI.,!?'-&<>()一了「」、。ーっ\u0301é 👍"), min_size=1, max_size=60),
    min_size=1,
    max_size=30,
)


@settings(max_examples=60, deadline=None)
@given(TEXT, st.floats(0.0, 2.0), st.sampled_from(["words", "segments", "both"]))
def test_any_text_comes_back_whole_in_cues_within_their_bounds(texts, pace, by):
    words = [Word(i * pace, (i + 1) * pace, " " + text) for i, text in enumerate(texts)]
    segments = [Segment(word.start, word.end, word.text) for word in words]
    found = cues([] if by == "words" else segments, [] if by == "segments" else words)
    bare = re.sub(r"\s", "", "".join(texts))
    assert re.sub(r"\s", "", "".join(line for cue in found for line in cue.lines)) == bare
    for cue in found:
        assert 1 <= len(cue.lines) <= 2
        assert all(line.strip() and columns(line) <= COLUMNS for line in cue.lines)
        assert cue.start < cue.end <= cue.start + LONGEST_SECONDS + 0.001
    if pace > 0.1:
        assert all(later.start >= sooner.end - 0.0011 for sooner, later in pairwise(found))
    assert "-->" not in re.sub(r"^\d\d:\d\d:\d\d\.\d{3} --> .*$", "", vtt(found), flags=re.MULTILINE)


def test_an_hour_is_cut_in_no_time():
    segments = [
        Segment(6.0 * i, 6.0 * i + 5, "我們今天要討論的是語音辨識系統的更新,請陳先生說明。") for i in range(600)
    ]
    began = time.process_time()
    cues(segments)
    assert time.process_time() - began < 5.0
