"""The captured steps on a real GPU: the same text as on a CPU, and how long a clip takes. `bin/test --gpu`."""

from __future__ import annotations

import statistics
import time

import pytest
import torch

from speech.engines import Options, Row
from speech.engines.whisper import WhisperEngine
from speech.models import choice
from tests.speech import sounds
from tests.speech.decoder.reference import Reference, random_weights
from tests.speech.decoder.test_equal import Clip, assert_equal, clips, heard

pytestmark = [pytest.mark.gpu, pytest.mark.timeout(900)]


def on_gpu(path, dtype, model="demo"):
    return WhisperEngine(path, model=model, demo=model == "demo", device="cuda", dtype=dtype)


@pytest.mark.parametrize("batch", [1, 3, 8, 40])
def test_in_single_precision_the_text_is_openai_whispers(batch):
    torch.backends.cuda.matmul.allow_tf32 = False
    chosen = clips(40, [None, "zh", "en", "ja"])
    assert_equal(Reference(choice.DEMO), chosen, heard(on_gpu(choice.DEMO, "float32"), chosen, batch))


def test_in_half_precision_few_tokens_differ(engine):
    chosen = [Clip(s.audio, Options(language=s.language, fallback=False)) for s in sounds.sentences(exact=False)]
    pairs = zip(heard(engine, chosen, 8), heard(on_gpu(choice.DEMO, "float16"), chosen, 64), strict=True)
    differing = sum(whole.tokens != rough.tokens for whole, rough in pairs)
    print(f"\nfloat16: {differing} of {len(chosen)} sentences differ")
    assert differing <= 0.02 * len(chosen)


@pytest.mark.parametrize("shape", ["turbo"])
def test_a_short_clip_takes_milliseconds(tmp_path, shape):
    engine = on_gpu(random_weights(tmp_path / f"{shape}.pt", shape), "float16", model=shape)
    engine.rules.bar_the_end()
    row = Row(sounds.sentences("en")[0].audio, Options(language="en", max_tokens=20, fallback=False))
    took = []
    for _ in range(12):
        began = time.perf_counter()
        engine.transcribe([row])
        took.append(1000 * (time.perf_counter() - began))
    name = torch.cuda.get_device_name()
    print(f"\n{name}: {shape}, one clip of 20 tokens, graphs warm: {statistics.median(took[2:]):.1f} ms")
