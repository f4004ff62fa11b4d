"""speech.queue.scheduler, fair and steady: nobody's finals wait behind a flood, and memory stays where it is."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence

import numpy as np
import pytest

from speech.engines import Audio, Engine, Options, Outcome, Row
from speech.queue.scheduler import Scheduler
from speech.queue.turns import Priority
from tests import human_speech
from tests.speech import sounds
from tests.speech.simulated import Device, Play, Spoken, conversation, flood
from tests.speech_process import ROOT

FLOOD_AT, FLOOD_CLIPS = 10.0, 200
BATCH, START, ROW = 16, 0.06, 0.03  # a device that hears 30 clips a second in full batches; the others need six


def p95(waits: list[float]) -> float:
    return float(np.percentile(waits, 95))


async def played(*, flooded: bool, known: bool = True) -> tuple[list[tuple[Spoken, float]], Device]:
    """39 people for half a minute, and with `flooded` a fortieth whose 200 clips come at once after 10 s."""
    spoken = conversation(39, until=30) + (flood(FLOOD_AT, FLOOD_CLIPS) if flooded else [])
    device = Device(BATCH, START, ROW)
    return await Play(device, spoken, known=known).run(), device


def others(waits: list[tuple[Spoken, float]], until: float) -> list[float]:
    """How long those waited who spoke between the flood's coming and `until`."""
    return [wait for one, wait in waits if one.speaker != "flood" and FLOOD_AT <= one.at <= until]


async def test_finals_do_not_wait_behind_another_speakers_flood():
    with_flood, device = await played(flooded=True)
    over = max(one.at + wait for one, wait in with_flood if one.speaker == "flood")
    calm, _ = await played(flooded=False)
    unknown, _ = await played(flooded=True, known=False)
    figures = [p95(others(waits, over)) for waits in (calm, with_flood, unknown)]
    print(f"\nP95 of the others' wait: {figures[0]:.3f} s, with a flood of {FLOOD_CLIPS} clips {figures[1]:.3f} s,")
    print(f"with one of which nobody says whose it is {figures[2]:.3f} s")
    print(f"the flood is heard after {over - FLOOD_AT:.2f} s; {len(device.batches)} batches in all")
    full = START + ROW * BATCH
    assert max(others(with_flood, over)) < 2 * full  # never more than the batch under way and one's own
    assert figures == pytest.approx([0.235, 0.507, 6.140], abs=1e-3)
    assert over - FLOOD_AT == pytest.approx(11.49, abs=1e-2)


@pytest.mark.long
@pytest.mark.alone
async def test_with_the_real_model_nobody_waits_behind_a_flood_either(engine):
    """Ten people say a sentence each, one after another, while 48 clips of an eleventh wait. Counted in batches, for
    how long one takes is the machine's affair."""
    timed = Timed(engine)
    scheduler = Scheduler(timed)
    chosen = sounds.sentences("en")
    flood = [chosen[i % 20].audio for i in range(48)]
    clips = [asyncio.create_task(waited(scheduler, audio, "flood")) for audio in flood]
    await asyncio.sleep(0)
    waits, own, later = [], [], []
    for i, sentence in enumerate(chosen[:10]):
        audio, begun = sentence.audio, timed.begun
        waits.append(await waited(scheduler, audio, f"speaker {i}"))
        own.append(timed.batch_of[id(audio)])
        later.append(own[-1] - begun)
    flooded = await asyncio.gather(*clips)
    await scheduler.drain(30)
    print(f"\nothers waited {p95(waits):.2f} s (P95), the flood {max(flooded):.2f} s; a batch {max(timed.took):.2f} s")
    assert max(later) <= 2  # the batch under way, and one's own
    last = max(timed.batch_of[id(audio)] for audio in flood)
    assert max(own) <= last  # all ten were heard before the flood's last


class Timed:
    """The real engine, what was in its batches, and how long they take."""

    def __init__(self, engine: Engine) -> None:
        self.name, self.model, self.device, self.demo = engine.name, engine.model, engine.device, engine.demo
        self.capabilities = engine.capabilities
        self.took: list[float] = []
        self.begun = 0
        self.batch_of: dict[int, int] = {}  # by the id of a clip's audio
        self._engine = engine

    def transcribe(self, rows: Sequence[Row]) -> list[Outcome]:
        began = time.monotonic()
        self.begun += 1
        self.batch_of.update((id(row.audio), self.begun) for row in rows)
        heard = self._engine.transcribe(rows)
        self.took.append(time.monotonic() - began)
        return heard


async def waited(scheduler: Scheduler, audio: Audio, speaker: str) -> float:
    began = time.monotonic()
    heard = await scheduler.hear(audio, Options(language="en"), Priority.FINAL, 1.0, speaker=speaker)
    assert heard.text
    return time.monotonic() - began


@pytest.mark.long
@pytest.mark.timeout(1000)
def test_memory_stays_where_it_is_over_thousands_of_clips():
    """In a process of its own, so that the figure is this work's alone. `python -m tests.speech.steady 10000` goes on
    for longer, on a machine that has the time."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.speech.steady", "4000"],
        cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "2"}, capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    print(f"\n{figures['clips']} clips in {figures['seconds']:.0f} s: {figures['early_mb']:.1f} MB early, ", end="")
    print(f"{figures['late_mb']:.1f} MB at the end, {figures['peak_mb']:.1f} MB at most")
    assert figures["heard"] == figures["clips"] == 4000
    assert figures["late_mb"] - figures["early_mb"] < 30


@pytest.mark.nightly
@pytest.mark.timeout(4000)
@pytest.mark.usefixtures("real_model")
def test_memory_stays_where_it_is_over_an_hour_of_peoples_speech():
    """What each ten minutes of sound leave in memory, four people at once. `python -m tests.speech.steady_people`."""
    human_speech.folder("human")  # skips where it is not there
    done = subprocess.run(
        [sys.executable, "-m", "tests.speech.steady_people", "3600"],
        cwd=ROOT, capture_output=True, text=True, timeout=3900, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    print(f"\n{figures}")
    early, *later = figures["mb_each_10_minutes"]
    assert figures["heard_seconds"] >= 3600
    assert max(later) - early < 60
