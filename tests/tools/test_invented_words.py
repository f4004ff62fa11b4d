"""The measurement of invented words, in small: the same sounds each time, rows that come back, tables that count."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from speech.audio.samples import Span
from speech.engine_types import Hypothesis, Segment, Word
from tools.invented_words import journey, noises, report
from tools.invented_words.journey import Journey, Row, Sound

SILENCE = np.zeros(32_000, np.float32)


def heard(text: str, sure: float, no_speech: float) -> Row:
    words = (Word(0.2, 0.8, text, sure),)
    hypothesis = Hypothesis(text, "en", -0.5, no_speech, segments=(Segment(0.0, 1.0, text),), words=words)
    return Row(0.0, 2.0, (Span(0.0, 2.0),), hypothesis)


def test_the_sounds_are_the_same_each_time_and_others_with_another_seed():
    first, again, other = (list(noises.hour(2.0, seed)) for seed in (0, 0, 1))
    assert [one.name for one in first] == [one.name for one in again]
    assert all(np.array_equal(one.audio, two.audio) for one, two in zip(first, again, strict=True))
    assert not np.array_equal(first[0].audio, other[0].audio)


def test_the_sounds_last_as_long_as_asked_and_stay_within_full_scale():
    found = list(noises.hour(3.0))
    assert 180.0 <= sum(one.seconds for one in found) < 200.0
    assert all(1.0 <= one.seconds <= 20.0 and np.abs(one.audio).max() <= 1.0 for one in found)
    assert {one.kind for one in found} == set(noises.KINDS)


def test_what_was_measured_comes_back_and_a_line_that_was_cut_off_is_left_out(tmp_path):
    measured = Journey("hum_000", "hum", "", None, gated=False, rows=(heard("you", 0.1, 0.9),))
    line = json.dumps(dataclasses.asdict(measured))
    file = tmp_path / "rows.jsonl"
    file.write_text(f"{line}\n{line[:40]}")
    assert journey.read(file) == [measured]


def test_the_report_counts_what_is_shown_where_nobody_speaks(tmp_path):
    rows = (heard("you", 0.1, 0.9), heard("We start now.", 0.9, 0.05))
    measured = [Journey("hum_000", "hum", "", None, gated=True, rows=rows)]
    found = list(report.seen(measured, [Sound("hum_000", "hum", SILENCE)]))
    assert [(one.text, one.shown, one.reason) for one in found] == [
        ("you", "", "no-speech"),
        ("We start now.", "We start now.", ""),
    ]
    tables = report.markdown(found, measured)
    assert "| hum | on | 1 | 2 | 2 | 1 |" in tables
    assert "| hum_000 | on | We start now. | -0.50 | 0.05 | 0.855 |" in tables
    report.write_csv(found, tmp_path / "rows.csv")
    assert len((tmp_path / "rows.csv").read_text().splitlines()) == 3


@pytest.mark.parametrize("kind", sorted(noises.KINDS))
def test_each_kind_of_sound_is_as_loud_as_it_says(kind):
    one = noises.clip(kind, 0)
    if kind not in noises.UNLEVELLED:
        frames = np.pad(one.audio, (0, -len(one.audio) % 480)).reshape(-1, 480).astype(np.float64)
        loud = 10 * np.log10(np.percentile((frames**2).mean(axis=1), 100 if kind == "mouse" else 95))
        assert loud == pytest.approx(one.level, abs=3.0)
    assert np.isfinite(one.audio).all()
