"""The real `base` where nobody speaks, and on short remarks: a minute of generated sounds gives no words, each remark
that the model hears gives a line. The whole hour: `python -m tools.invented_words`, docs/invented-words.md."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from speech import loading
from speech.audio import codec
from speech.config import Config
from speech.engines import Engine, Options
from speech.queue.turns import Priority
from speech.server.node import Node
from speech.transcription.transcription import Request
from tests import human_speech
from tools.invented_words import noises, remarks
from tools.invented_words.noises import Noise

# Short clips that the gate lets through, and those whose texts were the hardest to tell from speech
SOUNDS = (
    ("breath", 4), ("cough", 3), ("cough", 17), ("door", 1), ("keyboard", 2), ("knock", 11), ("laughter", 12),
    ("laughter", 15), ("melody", 16), ("paper", 2), ("chords", 2), ("drums", 11),
)  # fmt: skip
UNGATED = (("silence", 0), ("white", 1), ("fan", 0), ("hum", 1), ("ring", 0), ("brown", 2))  # the gate hears nothing
LANGUAGES = (None, "en", "zh", "ja")
# The model hears something else in these: «you», applause, 謝謝
MISHEARD = ("en_ami_en2006b_29.62_around", "mix_reazon_ja_en_2.64_around", "zh_cosy_hope_0_around")


@pytest.fixture(scope="module")
def real_engine(real_model: Path) -> Engine:
    return loading.load(Config(model=str(real_model)), print)


@pytest.fixture
async def node(real_engine: Engine) -> AsyncIterator[Node]:
    node = Node(Config(), lambda: real_engine)
    await node.start()
    yield node
    await node.stop()


@pytest.fixture
async def ungated(real_engine: Engine) -> AsyncIterator[Node]:
    node = Node(Config(aggressiveness=None), lambda: real_engine)
    await node.start()
    yield node
    await node.stop()


async def invented(node: Node, clips: list[Noise]) -> tuple[dict[str, str], int]:
    """What is shown for sounds without speech, and how many of them the model wrote something for."""
    requests = [
        Request(codec.as_wav(one.audio), Options(language=LANGUAGES[place % len(LANGUAGES)]), Priority.FINAL)
        for place, one in enumerate(clips)
    ]
    answers = await asyncio.gather(*map(node.hear, requests))
    shown = {one.name: answer.text for one, answer in zip(clips, answers, strict=True) if answer.text}
    return shown, sum(answer.suppressed is not None for answer in answers)


async def test_sounds_that_pass_the_gate_give_no_words(node: Node) -> None:
    shown, suppressed = await invented(node, [noises.clip(*one) for one in SOUNDS])
    assert shown == {}
    assert suppressed >= len(SOUNDS) / 2  # the model does invent, so that there is something to hold back


async def test_noise_that_nobody_gated_gives_no_words(ungated: Node) -> None:
    shown, suppressed = await invented(ungated, [noises.clip(*one) for one in UNGATED])
    assert shown == {}
    assert suppressed >= len(UNGATED) / 2


async def test_each_remark_that_the_model_hears_gets_a_line(node: Node) -> None:
    human_speech.folder("human")
    said = [one for one in remarks.cut(human_speech.SHARED) if one.name.endswith("_around")]
    requests = [Request(codec.as_wav(one.audio), Options(language=one.asked), Priority.FINAL) for one in said]
    answers = await asyncio.gather(*map(node.hear, requests))
    print({one.name: answer.text or answer.suppressed for one, answer in zip(said, answers, strict=True)})
    silent = {one.name for one, answer in zip(said, answers, strict=True) if not answer.text}
    assert len(said) == len(remarks.CUTS)
    assert silent <= set(MISHEARD)
