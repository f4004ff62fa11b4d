"""A live final whose first text is doubted: told at once in a line of JSON, and the answer in the next. Over HTTP."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx
import pytest
import uvicorn

from speech.config import Config
from speech.engines import SILENCE, Capabilities, EngineError, Hypothesis, Outcome, Row, Segment
from speech.server.app import create_app
from speech.server.json_lines import TYPE
from speech.server.node import Node
from speech.transcription import hallucinations
from tests.speech import sounds

SENTENCE = sounds.sentences("en")[0]
DOUBTED = Hypothesis("first", "en", avg_logprob=-1.1, segments=(Segment(0.0, 30.0, "first"),))
SURE = Hypothesis("sure", "en", avg_logprob=-0.3, segments=(Segment(0.0, 30.0, "sure"),))
LOOPING = replace(DOUBTED, compression_ratio=hallucinations.MAX_COMPRESSION_RATIO + 0.1)
UNBELIEVED = replace(DOUBTED, avg_logprob=-5.0)


class Unsure:
    """An engine whose first texts are what it is told to say. A retry waits to be let through."""

    name, model, device, demo = "unsure", "none", "cpu", False

    def __init__(self) -> None:
        self.capabilities = Capabilities(("en",), translates=False, batch=4)
        self.says, self.revises = DOUBTED, SURE
        self.rows: list[Row] = []
        self.go, self.taken = threading.Semaphore(0), threading.Semaphore(0)
        self.holds = False  # first texts wait as well
        self.fails = False  # at any row of a second pass

    def transcribe(self, rows: Sequence[Row]) -> list[Outcome]:
        heard = [row for row in rows if len(row.audio) != len(SILENCE)]  # without the start's own probe
        if any(row.first or self.holds for row in heard):
            self.taken.release()
            assert self.go.acquire(timeout=30)
        if self.fails and self.rows and any(row.first is None for row in heard):
            raise EngineError("cannot", retryable=False)
        self.rows += heard
        return [self.revises if row.first else self.says for row in rows]


@pytest.fixture
def engine() -> AsyncIterator[Unsure]:
    engine = Unsure()
    yield engine
    engine.go.release(20)


@pytest.fixture
async def node(engine) -> Node:
    return Node(Config(model="demo", aggressiveness=None), lambda: engine)


@pytest.fixture
async def http(node, engine) -> AsyncIterator[httpx.AsyncClient]:
    """A caller of a real server around that engine."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(create_app(node), log_config=None))
        life = asyncio.create_task(server.serve(sockets=[listener]))
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=60, trust_env=False
        ) as client:
            async with asyncio.timeout(60):
                while not node.scheduler:  # noqa: ASYNC110 - nobody tells of it
                    await asyncio.sleep(0.02)
            yield client
            engine.go.release(20)
        server.should_exit = True
        await life


@asynccontextmanager
async def asked(http: httpx.AsyncClient, priority: str = "final") -> AsyncIterator[httpx.Response]:
    query, headers = {"priority": priority}, {"Accept": f"{TYPE}, application/json"}
    async with http.stream(
        "POST", "/transcribe/binary", params=query, content=SENTENCE.data, headers=headers
    ) as answer:
        yield answer


async def told(http: httpx.AsyncClient, priority: str = "final") -> list[dict[str, object]]:
    """All lines of an answer."""
    async with asked(http, priority) as answer:
        assert answer.headers["content-type"].startswith(TYPE)
        return [json.loads(line) async for line in answer.aiter_lines()]


async def test_a_doubted_text_is_told_while_it_is_decoded_again_and_the_answer_after_it(http, engine):
    async with asked(http) as answer:
        assert answer.headers["content-type"].startswith(TYPE)
        lines = answer.aiter_lines()
        first = json.loads(await anext(lines))
        assert (first["success"], first["first"], first["text"]) == (True, True, "first")
        engine.go.release()
        last = json.loads(await anext(lines))
        assert last["text"] == "sure"
        assert "first" not in last
        assert [line async for line in lines] == []


async def test_a_text_that_leaves_speech_out_is_told_while_that_is_heard_again(http, engine):
    engine.says = replace(SURE, segments=(Segment(0.0, 0.4, "sure"),))
    first, last = await told(http)
    assert (first["first"], first["text"]) == (True, "sure")
    assert "first" not in last
    assert len(engine.rows) > 1


async def test_a_doubted_text_that_leaves_speech_out_is_told_once(http, engine):
    engine.says = replace(DOUBTED, segments=(Segment(0.0, 0.4, "first"),))
    engine.revises = replace(SURE, segments=(Segment(0.0, 0.4, "sure"),))
    engine.go.release(20)
    first, last = await told(http)
    assert (first["first"], first["text"]) == (True, "first")
    assert "first" not in last


async def test_a_text_that_looks_right_is_one_line(http, engine):
    engine.says = SURE
    (line,) = await told(http)
    assert line["text"] == "sure"
    assert "first" not in line


async def test_who_takes_no_lines_gets_one_object_when_it_is_done(http, engine):
    engine.go.release()
    answer = await http.post("/transcribe/binary", params={"priority": "final"}, content=SENTENCE.data)
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["text"] == "sure"
    assert "first" not in answer.json()


@pytest.mark.parametrize("says", [LOOPING, UNBELIEVED, replace(DOUBTED, text="", segments=())])
async def test_a_first_text_that_is_not_believed_is_not_told(http, engine, says):
    engine.says = replace(says, avg_logprob=min(says.avg_logprob, -1.1))
    engine.go.release()
    (line,) = await told(http)
    assert line["text"] == "sure"


@pytest.mark.parametrize("priority", ["partial", "file"])
async def test_only_of_a_live_final_a_first_text_is_told(http, engine, priority):
    engine.go.release()
    assert len(await told(http, priority)) == 1


async def test_an_error_before_any_line_has_its_status(http):
    async with asked(http, "urgent") as answer:
        await answer.aread()
        assert (answer.status_code, answer.headers["content-type"]) == (400, "application/json")
        assert answer.json()["success"] is False


async def test_an_error_after_the_first_text_is_a_line(http, engine):
    """The first text covers a part of the clip, and what it left out cannot be heard."""
    part = (Segment(0.0, 0.1, "first"),)
    engine.says, engine.revises, engine.fails = replace(DOUBTED, segments=part), replace(SURE, segments=part), True
    engine.go.release()
    first, last = await told(http)
    assert first["first"]
    assert (last["success"], last["retryable"]) == (False, False)


async def test_a_caller_that_hangs_up_after_the_first_text_is_not_decoded_for(http, node, engine, monkeypatch):
    left, hear = asyncio.Event(), node.hear

    async def watched(*request, **how):
        try:
            return await hear(*request, **how)
        except asyncio.CancelledError:
            left.set()
            raise

    monkeypatch.setattr(node, "hear", watched)

    async def hangs_up_after_the_first() -> None:
        async with asked(http) as answer:
            assert json.loads(await anext(answer.aiter_lines()))["first"]

    engine.holds = True
    gone = asyncio.create_task(hangs_up_after_the_first())
    assert await asyncio.to_thread(engine.taken.acquire, timeout=30)
    other = asyncio.create_task(told(http))
    async with asyncio.timeout(30):
        while not node.scheduler.waiting:  # noqa: ASYNC110 - the queue tells nobody of it
            await asyncio.sleep(0.01)
    engine.go.release()
    await gone  # its retry waits: the engine is at the other one
    await asyncio.wait_for(left.wait(), 30)
    engine.go.release(2)
    assert len(await other) == 2
    assert [row.first is not None for row in engine.rows] == [False, False, True]
