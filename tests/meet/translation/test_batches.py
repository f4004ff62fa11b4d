"""A language model on a machine of one's own: slow, one thing at a time, and every line comes."""

import asyncio
import time

import pytest

from meet.translation import batches, chain, pacing
from meet.translation.chain import ProviderChain
from meet.translation.chatgpt import ChatGPT
from meet.translation.provider import CircuitOpen, TranslationRefused, TranslationRequest, TranslatorUnavailable
from tests.meet.translation.conftest import made
from tests.meet.translation.llama import Llama
from tests.meet.translation.servers import Response


@pytest.fixture
def llama(monkeypatch):
    """It is slow, by the measure of these tests."""
    monkeypatch.setattr(pacing, "SLOW_SECONDS", 0.0)
    with Llama() as running:
        yield running


@pytest.fixture
def own(llama):
    """The chain with this model alone."""
    return ProviderChain([ChatGPT("", llama.url, "llama")])


def asks(count, target="ja"):
    return [TranslationRequest(f"This is line number {n}", "en", target) for n in range(count)]


async def answers(own, questions):
    return await asyncio.gather(*(own.translate(ask) for ask in questions), return_exceptions=True)


def link(own):
    return own._links[0]


async def test_every_line_comes_once_in_order_one_request_at_a_time_and_several_in_one(own, llama):
    llama.thinks_seconds = 0.2
    questions = asks(12)
    found = await answers(own, questions)
    assert [answer.text for answer in found] == [f"[Japanese] {ask.text}" for ask in questions]
    assert llama.lines == [("Japanese", ask.text) for ask in questions]
    assert llama.most_in_flight == 1
    assert max(len(lines) for _target, lines in llama.asked) > 1
    sizes = [len(lines) for _target, lines in llama.asked]
    assert sizes[0] == 1
    assert max(sizes) > 1  # what waits while it is busy goes along


async def test_lines_between_other_languages_are_not_mixed_into_a_request(own, llama):
    llama.thinks_seconds = 0.1
    found = await answers(own, [ask for pair in zip(asks(4), asks(4, "zh-Hant"), strict=True) for ask in pair])
    assert [answer.text.split("]")[0] for answer in found] == ["[Japanese", "[Traditional Chinese"] * 4
    assert len(llama.lines) == len(set(llama.lines)) == 8


async def test_an_answer_that_comes_slowly_but_steadily_is_waited_for(own, llama, monkeypatch):
    monkeypatch.setattr(pacing, "FIRST_OWN", 0.6)
    monkeypatch.setattr(pacing, "BETWEEN", 0.6)
    llama.token_seconds = 0.25
    began = time.monotonic()
    assert (await own.translate(asks(1)[0])).text == "[Japanese] This is line number 0"
    assert time.monotonic() - began > 1.2


async def test_a_host_that_takes_a_request_and_says_nothing_is_noticed_and_those_who_wait_are_told(
    own, llama, monkeypatch
):
    monkeypatch.setattr(pacing, "FIRST_OWN", 0.4)
    llama.mode = "hang"
    found = await answers(own, asks(12))
    assert [type(answer) for answer in found] == [batches.NoSignOfLife] + [CircuitOpen] * 11
    assert len(llama.asked) == 1
    assert not own.ready()


async def test_a_host_that_stops_in_the_middle_is_noticed_long_before_the_time_for_a_first_token(
    own, llama, monkeypatch
):
    monkeypatch.setattr(pacing, "BETWEEN", 0.3)
    llama.mode = "stall"
    began = time.monotonic()
    with pytest.raises(batches.NoSignOfLife):
        await own.translate(asks(1)[0])
    assert time.monotonic() - began < 20


async def test_a_connection_that_is_cut_in_the_middle_is_no_answer(own, llama):
    llama.mode = "cut"
    with pytest.raises(TranslatorUnavailable):
        await own.translate(asks(1)[0])


async def test_one_that_refuses_connections_is_left_alone_after_a_few(llama):
    with Llama() as gone:
        own = ProviderChain([ChatGPT("", gone.url, "llama")])
    began = time.monotonic()
    found = [(await answers(own, [ask]))[0] for ask in asks(4)]
    assert all(isinstance(answer, TranslatorUnavailable) for answer in found)
    assert isinstance(found[-1], CircuitOpen)
    assert time.monotonic() - began < 20


async def test_a_host_that_is_not_there_is_given_three_seconds_for_a_connection():
    client = ChatGPT("", "http://127.0.0.1:9/v1", "llama")._client()
    assert (client.timeout.connect, client.max_retries) == (3.0, 0)


@pytest.mark.parametrize("mode", ["joined", "prose", "note"])
async def test_an_answer_that_cannot_be_told_apart_is_asked_for_line_by_line(own, llama, mode):
    llama.mode, questions = mode, asks(8)
    found = await answers(own, questions)
    assert [answer.text for answer in found] == [f"[Japanese] {ask.text}" for ask in questions]
    alone = [lines[0] for _target, lines in llama.asked if len(lines) == 1]
    assert sorted(alone) == sorted(ask.text for ask in questions)
    assert link(own).pace.lines < pacing.BEGIN_LINES
    assert own.ready()


async def test_lines_that_come_back_untranslated_are_refused_each_for_itself(own, llama):
    llama.mode = "echo"
    found = await answers(own, asks(3))
    assert [type(answer) for answer in found] == [TranslationRefused] * 3
    assert own.ready()


async def test_a_line_that_nobody_waits_for_any_more_is_not_asked_for(own, llama):
    llama.thinks_seconds = 0.3
    first, second = asks(2)
    waiting = asyncio.create_task(own.translate(first))
    await asyncio.sleep(0.1)
    given_up = asyncio.create_task(own.translate(second))
    await asyncio.sleep(0)
    given_up.cancel()
    await waiting
    await own.translate(TranslationRequest("Another", "en", "ja"))
    assert second.text not in [line for _target, line in llama.lines]


async def until(true):
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 - it happens in the server's thread
            await asyncio.sleep(0.02)


async def test_a_request_that_nobody_waits_for_any_more_is_given_up_at_the_server_too(own, llama):
    llama.token_seconds = 0.1
    waiting = asyncio.create_task(own.translate(TranslationRequest("A line of a good many words " * 5, "en", "ja")))
    await until(lambda: llama.asked)
    waiting.cancel()
    await until(lambda: llama.given_up)
    assert not link(own)._requests


async def test_after_it_hung_it_is_tried_with_one_line_and_then_used_again(own, llama, monkeypatch):
    monkeypatch.setattr(pacing, "FIRST_OWN", 0.3)
    llama.mode = "hang"
    with pytest.raises(batches.NoSignOfLife):
        await own.translate(asks(1)[0])
    llama.stopping.set()  # what hung goes on
    llama.mode = "ok"
    link(own).breaker.closed_to_until = 0.0
    found = await answers(own, asks(3))
    assert sum(isinstance(answer, CircuitOpen) for answer in found) == 2  # one finds out
    assert [answer.text for answer in await answers(own, asks(3))] == [f"[Japanese] {ask.text}" for ask in asks(3)]


async def test_time_that_a_slow_one_took_is_not_taken_from_the_next(serving, llama, monkeypatch):
    monkeypatch.setattr(pacing, "FIRST_OWN", 0.5)
    monkeypatch.setattr(chain, "WHOLE_SECONDS", 0.6)
    monkeypatch.setattr(chain, "LEAST_SECONDS", 0.4)
    llama.mode = "hang"
    with serving("google") as google:
        both = ProviderChain([ChatGPT("", llama.url, "llama"), made("google", google.url)])
        assert (await both.translate(asks(1)[0])).provider == "google"


async def test_a_server_that_does_not_stream_is_understood(serving):
    with serving("chatgpt") as server:
        own = ProviderChain([ChatGPT("sesame-key", f"{server.url}/v1", "any")])
        assert (await own.translate(asks(1)[0])).text == "[told] This is line number 0"
        server.mode = Response(503)
        with pytest.raises(TranslatorUnavailable):
            await own.translate(asks(2)[1])
