"""Greedy text in single precision is openai-whisper's, token for token, alone and in whatever batch."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from speech.engines import Hypothesis, Options, Row
from speech.engines.whisper import WhisperEngine
from speech.models import choice
from tests.speech import sounds
from tests.speech.decoder.reference import Clip, Reference, differences, random_weights

EARLIER = [
    "今天的會議開始了。",
    "Let us begin with the budget, then the schedule.",
    "次の会議は来週です。",
    "word " * 300,
]
SHARE_OF_TIES = 1e-3


def clips(count: int, languages: Sequence[str | None], seed: int = 0) -> list[Clip]:
    """Clips of all kinds: the bundled sentences, alone, in pairs, cut off, quiet, noisy; options of all kinds."""
    dice = random.Random(seed)
    bundled = sounds.sentences(exact=False)
    found = []
    for number in range(count):
        audio = bundled[number % len(bundled)].audio
        if number >= len(bundled):
            audio = [
                sounds.told([bundled[number % 7], dice.choice(bundled)], 0.5),
                audio[: len(audio) * 2 // 3],
                audio * np.float32(0.05),
                audio + sounds.noise("fan", len(audio) / sounds.RATE, 0.01, seed=number)[: len(audio)],
            ][number % 4]
        found.append(Clip(audio, options(dice, languages)))
    return found


def options(dice: random.Random, languages: Sequence[str | None]) -> Options:
    return Options(
        language=dice.choice(languages),
        task=dice.choice(["transcribe", "transcribe", "translate"]) if None in languages else "transcribe",
        prompt=dice.choice([None, None, *EARLIER]),
        timestamps=dice.random() < 0.4,
        fallback=False,
        max_tokens=dice.choice([None, None, 5, 30]) if None in languages else dice.choice([8, 12, 16]),
    )


def heard(engine: WhisperEngine, chosen: Sequence[Clip], batch: int) -> list[Hypothesis]:
    """By the engine, so many together."""
    rows = [Row(clip.audio, clip.options) for clip in chosen]
    outcomes = [one for at in range(0, len(rows), batch) for one in engine.transcribe(rows[at : at + batch])]
    assert all(isinstance(one, Hypothesis) for one in outcomes), outcomes
    return [one for one in outcomes if isinstance(one, Hypothesis)]


def assert_equal(reference: Reference, chosen: Sequence[Clip], found: Sequence[Hypothesis]) -> None:
    compared, wrong = differences(reference, chosen, found)
    ties = wrong.count("tie")
    print(f"{len(chosen)} clips, {compared} tokens compared, {ties} ties")
    assert [line for line in wrong if line != "tie"] == []
    assert ties <= compared * SHARE_OF_TIES


@pytest.fixture(scope="module")
def bundled() -> Reference:
    return Reference(choice.DEMO)


def test_the_bundled_models_text_is_equal_in_mixed_batches(engine, bundled):
    chosen = clips(10, [None, "zh", "en", "ja"], seed=3)
    assert_equal(bundled, chosen, heard(engine, chosen, 8))


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("batch", [1, 8])
def test_the_bundled_models_text_is_equal_on_100_clips(engine, bundled, batch):
    chosen = clips(100, [None, "zh", "en", "ja"])
    assert_equal(bundled, chosen, heard(engine, chosen, batch))


@pytest.mark.parametrize("shape", ["tiny", "tiny.en"])
def test_random_weights_of_a_real_shape_write_the_same(tmp_path, shape):
    _compare_shape(tmp_path, shape, 4)


@pytest.mark.long
@pytest.mark.timeout(1500)
@pytest.mark.parametrize(("shape", "count"), [("base", 10), ("small", 6), ("turbo", 3)])
def test_random_weights_of_more_shapes_write_the_same(tmp_path, shape, count):
    _compare_shape(tmp_path, shape, count)


@pytest.mark.nightly
@pytest.mark.timeout(1500)
@pytest.mark.parametrize(("shape", "count"), [("medium", 3), ("large-v3", 2)])
def test_random_weights_of_large_shapes_write_the_same(tmp_path, shape, count):
    _compare_shape(tmp_path, shape, count)


def _compare_shape(folder, shape, count):
    path = random_weights(folder / f"{shape}.pt", shape)
    engine = WhisperEngine(path, model=shape, demo=False, device="cpu", dtype="float32")
    languages = ["en"] if shape.endswith(".en") else ["zh", "en", "ja", "de"]
    dice = clips(count, languages, seed=len(shape))
    # whatever the dice say, neighbours differ in language, and in whether they have time stamps
    chosen = [
        Clip(clip.audio, replace(clip.options, language=languages[i % len(languages)], timestamps=i % 2 == 1))
        for i, clip in enumerate(dice)
    ]
    together = heard(engine, chosen, 8)
    alone = heard(engine, chosen, 1)
    del engine
    assert_equal(Reference(path), chosen, together)
    assert [one.tokens for one in alone] == [one.tokens for one in together]
    path.unlink()


@pytest.mark.parametrize("half", ["bfloat16"])
def test_in_half_precision_few_tokens_differ(engine, half, capsys):
    other = WhisperEngine(choice.DEMO, model="demo", demo=True, device="cpu", dtype=half)
    chosen = [Clip(s.audio, Options(language=s.language, fallback=False)) for s in sounds.sentences(exact=False)[::3]]
    pairs = zip(heard(engine, chosen, 8), heard(other, chosen, 8), strict=True)
    total, differing = 0, 0
    for whole, rough in pairs:
        total += len(whole.tokens)
        differing += sum(a != b for a, b in zip(whole.tokens, rough.tokens, strict=False))
        differing += abs(len(whole.tokens) - len(rough.tokens))
    with capsys.disabled():
        print(f"\n{half}: {differing} of {total} tokens differ ({100 * differing / total:.2f} %)")
    assert differing <= 0.02 * total


def test_steps_as_a_gpu_captures_them_write_the_same(engine):
    static = WhisperEngine(choice.DEMO, model="demo", demo=True, device="cpu", dtype="float32", static=True)
    chosen = clips(11, [None, "zh", "en", "ja"], seed=5)
    wanted = [one.tokens for one in heard(engine, chosen, 8)]
    for batch in (8, 3, 1):  # a graph is for more rows than are there, and used again
        assert [one.tokens for one in heard(static, chosen, batch)] == wanted
