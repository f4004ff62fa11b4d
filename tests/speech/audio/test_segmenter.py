"""speech.audio.segmenter: the browser's rules, frame for frame, and what must hold for any stream."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speech.audio import voice_detection
from speech.audio.segmenter import FRAME_MS, Event, Frame, Rules, Segmenter, cut, stretches
from tests.speech import sounds
from tests.speech_process import ROOT

CASES = json.loads((ROOT / "tests" / "fixtures" / "segmenter.json").read_text(encoding="utf-8"))["cases"]
RULES = ("max_seconds", "silence_seconds", "pre_roll", "tail", "onset", "window")
Run = tuple[int, int, int, float]  # at, count, speech, level
IN_NODE = """
import { readFileSync } from 'node:fs';
const { FRAME, Segmenter } = await import(process.argv[1]);
const streams = JSON.parse(readFileSync(0, 'utf8'));
process.stdout.write(JSON.stringify(streams.map(({ rules, runs, finish }) => {
  const segmenter = new Segmenter(rules);
  const events = [];
  for (const [at, count, speech, level] of runs) {
    for (let i = 0; i < count; i += 1) {
      events.push(...segmenter.push({ at: at + i * FRAME, speech: speech === 1, level: level + 0.1 * (i % 7) }));
    }
  }
  events.push(...segmenter.finish(finish));
  return events.map(({ type, at }) => [type, at]);
})));
"""


def frames(runs: list[Run], ripple: float = 0.0) -> list[Frame]:
    """Runs of like frames; `ripple` dB make them differ within."""
    return [
        Frame(at + i * FRAME_MS, speech == 1, level + ripple * (i % 7))
        for at, count, speech, level in runs
        for i in range(count)
    ]


def events(stream: list[Frame], rules: Rules, finish: int | None) -> list[tuple[str, int]]:
    segmenter = Segmenter(rules)
    heard: list[Event] = [event for frame in stream for event in segmenter.push(frame)]
    heard += segmenter.finish(finish) if finish is not None else []
    return [(event.type, event.at) for event in heard]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_the_browsers_own_cases(case):
    rules = Rules(**{name: case[name] for name in RULES if name in case})
    assert events(frames(case["runs"]), rules, case["finish"]) == [tuple(event) for event in case["events"]]


def talk(seed: int, seconds: int = 240) -> list[Run]:
    """Talk, pauses and losses."""
    roll = random.Random(seed)
    runs: list[Run] = []
    at = 0
    while at < seconds * 1000:
        at += 10 * roll.randrange(300) if roll.random() < 0.05 else 0
        count = 1 + roll.randrange(900 if roll.random() < 0.1 else 60)
        runs.append((at, count, int(roll.random() < 0.7), -20 - 50 * roll.random()))
        at += count * FRAME_MS
    return runs


def test_the_browser_and_python_cut_any_stream_alike():
    roll = random.Random(20)
    streams = []
    for seed in range(12):
        runs = talk(seed)
        rules = {
            "maxSeconds": roll.choice((5, 6.5, 7.0015, 20, 30)),
            "silenceSeconds": roll.choice((0.3, 0.9995, 1, 5)),
        }
        streams.append({"rules": rules, "runs": runs, "finish": runs[-1][0] + runs[-1][1] * FRAME_MS})
    node = shutil.which("node", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
    assert node, "node is missing; bin/setup installs it"
    script = (ROOT / "static" / "meet" / "js" / "capture" / "segmenter.js").as_uri()
    done = subprocess.run(
        [node, "--input-type=module", "-e", IN_NODE, script],
        input=json.dumps(streams), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert sum(map(len, json.loads(done.stdout))) > 400
    for stream, browser in zip(streams, json.loads(done.stdout), strict=True):
        rules = Rules(stream["rules"]["maxSeconds"], stream["rules"]["silenceSeconds"])
        assert events(frames(stream["runs"], 0.1), rules, stream["finish"]) == [tuple(event) for event in browser]


@st.composite
def streams(draw: st.DrawFn) -> list[Frame]:
    """Frames in order, with losses of up to three seconds."""
    at = 0
    runs: list[Run] = []
    for _ in range(draw(st.integers(1, 40))):
        at += FRAME_MS * draw(st.one_of(st.just(0), st.integers(0, 300)))
        count = draw(st.one_of(st.integers(1, 60), st.integers(100, 900)))
        runs.append((at, count, draw(st.integers(0, 1)), draw(st.floats(-70, -20))))
        at += count * FRAME_MS
    return frames(runs, 0.1)


@settings(max_examples=40, deadline=None)
@given(streams(), st.sampled_from([5.0, 8.0, 20.0]), st.sampled_from([0.3, 1.0, 5.0]))
def test_clips_of_any_stream_are_bounded_in_order_and_hold_what_was_spoken_in_them(stream, longest, silence):
    segmenter = Segmenter(Rules(longest, silence))
    spoken: list[int] = []
    for frame in stream:
        segmenter.push(frame)
        if frame.speech and segmenter.start is not None:
            spoken.append(frame.at)
    clips = stretches(stream, Rules(longest, silence), stream[-1].at + FRAME_MS)
    assert all(0 < clip.end - clip.start <= longest * 1000 for clip in clips)
    assert all(later.start >= sooner.end for sooner, later in pairwise(clips))
    assert all(later.start == sooner.end for sooner, later in pairwise(clips) if sooner.cut)
    assert all(clip.start <= clip.spoken <= clip.end and clip.over >= clip.spoken for clip in clips)
    for at in spoken:
        assert any(clip.start <= at + FRAME_MS // 2 <= clip.end for clip in clips)


def test_a_file_is_cut_at_its_pauses_and_all_its_speech_lies_in_clips():
    audio = sounds.told(sounds.sentences("en")[:6], pause=1.4)
    spans = voice_detection.spans(audio, 2)
    clips = cut(audio, spans, Rules())
    assert len(clips) == 6
    for span in spans:
        assert any(c.start <= span.start * 1000 and span.end * 1000 <= c.end for c in clips)
    assert all(clip.end - clip.spoken == 800 and clip.over - clip.spoken == 1000 for clip in clips)


def test_speech_without_a_pause_is_cut_where_it_is_quietest():
    audio = np.concatenate([sounds.sweep(1.0)] * 45)
    audio[16_000 * 18 : 16_000 * 18 + 1_600] *= 0.001
    first, *others = cut(audio, [voice_detection.Span(0.0, 45.0)], Rules())
    assert first.cut
    assert first.end == pytest.approx(18_050, abs=30)
    assert others[-1].end == 45_000


def test_silence_has_no_clips():
    assert cut(np.zeros(16_000, np.float32), [], Rules()) == []
    assert cut(np.zeros(0, np.float32), [], Rules()) == []
