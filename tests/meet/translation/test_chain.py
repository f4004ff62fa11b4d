"""Translators in a row: the first that answers."""

import asyncio

import pytest

from meet.translation import chain, translation_jobs
from meet.translation.chain import ProviderChain
from meet.translation.provider import CircuitOpen, TranslationRefused, TranslationRequest, TranslatorUnavailable
from tests.meet.translation.conftest import made
from tests.meet.translation.servers import Response, memory

ASK = TranslationRequest("Hello", "en", "ja")


@pytest.fixture
def google(serving):
    with serving("google") as running:
        yield running


@pytest.fixture
def mymemory(serving):
    with serving("mymemory") as running:
        yield running


@pytest.fixture
def both(google, mymemory):
    return ProviderChain([made("google", google.url), made("mymemory", mymemory.url)])


async def test_the_second_is_asked_only_where_the_first_does_not_answer(both, google, mymemory):
    assert (await both.translate(ASK)).provider == "google"
    assert mymemory.asked == []
    google.mode = Response(429)
    assert (await both.translate(TranslationRequest("Goodbye", "en", "ja"))).provider == "mymemory"


async def test_the_same_line_again_costs_no_request(both, google):
    first = await both.translate(ASK)
    google.mode = "gone"
    assert await both.translate(ASK) == first
    assert len(google.asked) == 1


async def test_a_failure_is_not_remembered(both, google, mymemory):
    google.mode = mymemory.mode = Response(500)
    with pytest.raises(TranslatorUnavailable):
        await both.translate(ASK)
    google.mode = "ok"
    assert (await both.translate(ASK)).text == "[ja] Hello"


async def test_one_that_asks_to_be_left_alone_is_not_asked_again(both, google, mymemory):
    google.mode = Response(429, headers={"Retry-After": "60"})
    for n in range(3):
        assert (await both.translate(TranslationRequest(f"Hello {n}", "en", "ja"))).provider == "mymemory"
    assert len(google.asked) == 1


async def test_a_used_up_quota_leaves_the_row_to_a_later_time(both, google, mymemory):
    google.mode = "gone"
    mymemory.mode = memory("YOU USED ALL. NEXT AVAILABLE IN 01 HOURS 00 MINUTES 00 SECONDS", 200)
    for _ in range(3):
        with pytest.raises(TranslatorUnavailable):
            await both.translate(ASK)
    assert len(mymemory.asked) == 1
    with pytest.raises(CircuitOpen):
        await both.translate(ASK)
    assert not both.ready()


async def test_what_all_of_them_refuse_is_refused(both, google, mymemory):
    google.mode, mymemory.mode = Response(400), memory("'XX' IS AN INVALID TARGET LANGUAGE", "403")
    with pytest.raises(TranslationRefused):
        await both.translate(ASK)
    assert both.ready()


async def test_what_one_refuses_another_may_take_when_it_is_back(both, google, mymemory):
    google.mode = Response(503, headers={"Retry-After": "60"})
    await both.translate(ASK)
    mymemory.mode = memory("QUERY LENGTH LIMIT EXCEEDED.", "403")
    with pytest.raises(TranslatorUnavailable) as caught:
        await both.translate(TranslationRequest("Goodbye", "en", "ja"))
    assert not isinstance(caught.value, CircuitOpen)


async def test_all_of_them_together_have_less_time_than_a_row_is_taken_for(both, google, mymemory, monkeypatch):
    monkeypatch.setattr(chain, "LIMIT_SECONDS", 0.3)
    monkeypatch.setattr(chain, "WHOLE_SECONDS", 0.5)
    monkeypatch.setattr(chain, "LEAST_SECONDS", 0.4)
    google.mode = mymemory.mode = "slow"
    with pytest.raises(TranslatorUnavailable):
        await asyncio.wait_for(both.translate(ASK), 30)
    assert mymemory.asked == []


def test_a_row_is_taken_for_longer_than_that():

    assert translation_jobs.LEASE.total_seconds() > chain.WHOLE_SECONDS


def test_keys_are_not_in_the_words_for_a_chain(settings):
    settings.DEEPL_API_KEY = "sesame"
    wanted = chain.ProviderSettings((), "", "", "", "", "", "sesame", "", "")
    assert "sesame" not in repr(wanted)


async def test_the_settings_name_the_chain(settings):
    settings.TRANSLATOR = ["deepl", "chatgpt", "microsoft", "mymemory", "google"]
    settings.DEEPL_API_KEY = settings.OPENAI_API_KEY = settings.MICROSOFT_API_KEY = "sesame"
    assert [link.provider.name for link in chain.configured()._links] == settings.TRANSLATOR
