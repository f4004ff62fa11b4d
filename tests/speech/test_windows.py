"""speech.windows: a long recording is cut in its pauses, and what was heard comes back as one."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from speech import gate
from speech.engines import Hypothesis, Segment
from speech.intake import Taken
from speech.windows import Piece, cut, joined
from tests.speech import sounds

EMPTY = np.zeros(0, np.float32)


def taken(audio: sounds.Audio) -> Taken:
    return Taken(audio, tuple(gate.spans(audio, 2)))


def end(piece: Piece) -> float:
    return piece.start + len(piece.audio) / 16_000


def heard(text: str, language: str = "en", **sure: float) -> Hypothesis:
    return Hypothesis(text, language, segments=(Segment(0.5, 1.0, text),), **sure)


def test_a_short_clip_is_one_piece():
    (piece,) = cut(taken(sounds.sentences("en")[0].audio), 30.0)
    assert piece.start == 0.0
    assert piece.voiced > 1.0


def test_pieces_hold_all_the_speech_in_order_and_are_cut_in_pauses():
    recording = taken(sounds.told(sounds.sentences("en")[:15], pause=1.2))
    pieces = cut(recording, 30.0)
    assert len(pieces) > 1
    assert all(len(piece.audio) <= 30 * 16_000 for piece in pieces)
    assert all(end(sooner) <= later.start + 1e-3 for sooner, later in itertools.pairwise(pieces))
    for span in recording.spans:
        assert any(piece.start <= span.start and span.end <= end(piece) + 1e-3 for piece in pieces)


def test_speech_without_a_pause_is_cut_where_it_is_quietest():
    audio = np.concatenate([sounds.sweep(1.0)] * 70)
    audio[16_000 * 28 : 16_000 * 28 + 1_600] *= 0.001
    pieces = cut(Taken(audio, (gate.Span(0.0, 70.0),)), 30.0)
    assert pieces[1].start == pytest.approx(28.05, abs=0.06)
    assert sum(len(piece.audio) for piece in pieces) == len(audio)


def test_what_holds_no_speech_is_left_out_and_the_rest_keeps_its_time():
    word = sounds.sentences("en")[0].audio
    audio = np.concatenate([word, np.zeros(16_000 * 70, np.float32), word])
    first, second = cut(taken(audio), 30.0)
    assert first.start == 0.0
    assert second.start == pytest.approx(70 + len(word) / 16_000 + 0.4 - 2.0, abs=0.3)
    assert len(second.audio) < 16_000 * 7


def test_texts_join_with_spaces_only_where_the_language_has_them():
    pieces = [Piece(0.0, EMPTY, 2.0), Piece(30.0, EMPTY, 2.0)]
    assert joined(pieces, [heard("One."), heard("Two.")]).text == "One. Two."
    assert joined(pieces, [heard("一。", "zh"), heard("二。", "zh")]).text == "一。二。"


def test_times_are_the_recordings_own():
    pieces = [Piece(0.0, EMPTY, 2.0), Piece(30.25, EMPTY, 2.0)]
    assert [s.start for s in joined(pieces, [heard("One."), heard("Two.")]).segments] == [0.5, 30.75]


def test_a_piece_that_is_not_believed_is_kept_apart_and_the_others_stay():
    pieces = [Piece(0.0, EMPTY, 2.0), Piece(30.0, EMPTY, 2.0)]
    result = joined(pieces, [heard("One."), heard("Thanks for watching!", avg_logprob=-0.95)])
    assert result.text == "One."
    assert result.suppressed is not None
    assert (result.suppressed.text, result.suppressed.reason) == ("Thanks for watching!", "phantom")
    assert len(result.segments) == 1


def test_the_same_sentence_in_every_piece_is_no_repetition():
    pieces = [Piece(30.0 * i, EMPTY, 2.0) for i in range(6)]
    result = joined(pieces, [heard("We need sixty-five people.")] * 6)
    assert result.text.count("sixty-five") == 6
    assert result.suppressed is None
