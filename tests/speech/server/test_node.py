"""speech.server.node: the journey of a clip, whole: bytes in, an answer or a clear refusal out."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import httpx
import pytest

from speech.audio import codec
from speech.config import Config
from speech.engines import SILENCE, Engine, Options, Outcome, Row
from speech.queue import turns
from speech.queue.turns import Priority
from speech.server.app import create_app
from speech.server.node import Node, UnusableClip
from speech.transcription.transcription import Progress, Request
from tests.speech import sounds


@pytest.fixture
async def node(engine) -> AsyncIterator[Node]:
    node = Node(Config(model="demo"), lambda: engine)
    await node.start()
    yield node
    await node.stop()


async def test_a_long_recording_is_heard_whole(node):
    sentences = sounds.sentences("zh")[:16]
    audio = sounds.told(sentences, pause=0.8)
    answer = await node.hear(Request(codec.as_wav(audio), Options(language="zh", timestamps=True)))
    assert answer.duration > 40
    assert answer.segments[-1].end > 35
    assert sum(s.text in answer.text for s in sentences) >= 8  # the model is rough with several in a row


async def test_a_file_of_more_clips_than_may_wait_is_heard(node, engine, monkeypatch):
    monkeypatch.setattr(turns, "FILES_WAITING", engine.capabilities.batch)
    audio = sounds.told([sounds.sentences("en")[0]] * (engine.capabilities.batch + 4), pause=1.2)
    answer = await node.hear(Request(codec.as_wav(audio), Options(language="en")))
    assert answer.text.count("We need sixty-five people.") == engine.capabilities.batch + 4


async def test_live_speech_is_heard_as_it_was_cut_and_only_cut_again_where_no_row_holds_it(node):
    sentences = sounds.sentences("zh")[1:4]
    live = Request(codec.as_wav(sounds.told(sentences, pause=1.3)), Options(language="zh"), Priority.FINAL)
    assert await clips_heard(node, live) == 1
    assert await clips_heard(node, replace(live, priority=Priority.FILE)) == 3
    longer = codec.as_wav(sounds.told(sounds.sentences("zh")[:8], pause=1.0))
    assert await clips_heard(node, replace(live, data=longer)) > 1


async def clips_heard(node: Node, request: Request) -> int:
    seen: list[Progress] = []
    await node.hear(request, seen.append)
    return len(seen)


async def test_a_trim_that_leaves_nothing_is_an_empty_clip(node):
    answer = await node.hear(Request(sounds.sentences("en")[0].data, keep_from=60_000.0))
    assert (answer.duration, answer.silent) == (0.0, "empty")


async def test_a_clip_without_speech_never_reaches_the_model(node):
    answer = await node.hear(Request(codec.as_wav(sounds.noise("fan", 5.0, 0.05))))
    assert (answer.text, answer.silent) == ("", "no-speech")


async def test_a_language_the_model_does_not_know_is_refused_and_named(node):
    data = sounds.sentences("en")[0].data
    with pytest.raises(UnusableClip, match="fr"):
        await node.hear(Request(data, Options(language="fr")))
    assert (await node.hear(Request(data, Options(languages=("en", "fr"))))).language == "en"


async def test_chinese_comes_in_the_script_asked_for_in_text_and_segments(node):
    sentence = sounds.sentences("zh")[0]
    answer = await node.hear(Request(sentence.data, Options(timestamps=True), script="Hans"))
    assert answer.text != sentence.text
    assert answer.segments[0].text == answer.text


async def test_who_no_longer_waits_for_the_engine_to_break_does_not_end_it(engine):
    node = Node(Config(model="demo"), lambda: engine)
    life = asyncio.create_task(node.live())
    while not node.scheduler:  # noqa: ASYNC110 - nobody tells of it, as nobody needs to know
        await asyncio.sleep(0.02)
    life.cancel()
    await asyncio.sleep(0.02)
    sentence = sounds.sentences("en")[0]
    assert (await asyncio.wait_for(node.hear(Request(sentence.data)), 60)).text == sentence.text
    await node.stop()


class Held:
    """The real engine, which begins nothing before it is let."""

    def __init__(self, engine: Engine) -> None:
        self.name, self.model, self.device, self.demo = engine.name, engine.model, engine.device, engine.demo
        self.capabilities = engine.capabilities
        self.go, self.taken = threading.Event(), threading.Event()
        self._engine = engine

    def transcribe(self, rows: Sequence[Row]) -> list[Outcome]:
        if len(rows[0].audio) != len(SILENCE):  # the start's own probe
            self.taken.set()
            self.go.wait(60)
        return self._engine.transcribe(rows)


@pytest.fixture
async def held(engine) -> AsyncIterator[tuple[Node, Held, httpx.AsyncClient, asyncio.Task[httpx.Response]]]:
    """A node whose engine is held at a final, and a caller of its server."""
    held = Held(engine)
    node = Node(Config(model="demo"), lambda: held)
    await node.start()
    app = httpx.ASGITransport(create_app(node))
    async with httpx.AsyncClient(transport=app, base_url="http://speech", timeout=60) as http:
        first = asyncio.create_task(asked(http, priority="final"))
        await asyncio.to_thread(held.taken.wait, 30)
        yield node, held, http, first
        held.go.set()
    await node.stop()


async def asked(http: httpx.AsyncClient, **query: str) -> httpx.Response:
    return await http.post("/transcribe/binary", params=query, content=sounds.sentences("en")[0].data)


async def waiting(node: Node, count: int) -> None:
    while node.scheduler.waiting != count:  # noqa: ASYNC110 - the queue tells nobody of it
        await asyncio.sleep(0.01)


async def test_a_partial_that_a_newer_one_replaced_is_told_so_and_is_not_to_be_sent_again(held):
    node, engine, http, first = held
    older = asyncio.create_task(asked(http, priority="partial", speaker="alice"))
    await waiting(node, 1)
    others = asyncio.create_task(asked(http, priority="partial", speaker="bob"))
    await waiting(node, 2)
    newer = asyncio.create_task(asked(http, priority="partial", speaker="alice"))
    answer = await older
    assert answer.status_code == httpx.codes.CONFLICT
    assert answer.json()["retryable"] is False
    assert "retry-after" not in answer.headers
    engine.go.set()
    assert {(await task).status_code for task in (first, others, newer)} == {httpx.codes.OK}


async def test_an_end_that_is_asked_for_sends_files_away_at_once_and_hears_the_finals(held):
    node, engine, http, first = held
    file = asyncio.create_task(asked(http, priority="file"))
    final = asyncio.create_task(asked(http, priority="final"))
    await waiting(node, 2)
    node.wind_down()
    answer = await file
    assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE
    assert answer.json()["retryable"]
    assert answer.headers["retry-after"]
    engine.go.set()
    assert {(await task).json()["text"] for task in (first, final)} == {sounds.sentences("en")[0].text}
