"""A meeting whose translator is a slow language model: every line comes, and none is sent twice."""

import asyncio
from datetime import timedelta

import pytest
from django.utils import timezone

from meet import translation
from meet.models import Translation
from meet.orm_pool import pooled
from meet.translation import chain, lease, pacing, queue, translation_jobs
from tests.meet.translation.llama import Llama
from tests.meet.translation.speaking import empty_desk, make_due, of, said

__all__ = ["empty_desk"]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def llama(settings, monkeypatch):
    """A line waits for it longer than a lease lasts."""
    monkeypatch.setattr(pacing, "SLOW_SECONDS", 0.0)
    monkeypatch.setattr(translation_jobs, "LEASE", timedelta(seconds=3))
    monkeypatch.setattr(lease, "RENEW_SECONDS", 0.3)
    with Llama() as running:
        settings.TRANSLATOR, settings.OPENAI_BASE_URL = ["chatgpt"], running.url
        settings.TRANSLATE_TO = ["en", "ja", "zh-Hant"]
        running.thinks_seconds = 1.0
        yield running


@pooled
def waiting():
    return Translation.objects.filter(state="waiting").count()


async def sweeping(*desks):
    """As the sweep of each process does, and more often."""
    while True:
        for one in desks:
            await one.sweep()
        await asyncio.sleep(0.1)


async def none_waits(*desks):
    sweeps = asyncio.create_task(sweeping(*desks))
    try:
        async with asyncio.timeout(120):
            while await waiting():  # noqa: ASYNC110 - rows, not an event
                await asyncio.sleep(0.1)
    finally:
        sweeps.cancel()
        await asyncio.gather(*(one.close() for one in desks))


async def test_every_line_of_a_meeting_comes_once_though_it_takes_longer_than_a_lease(scene, llama):
    here, other = queue.TranslationQueue(), queue.TranslationQueue()
    spoken = [await said(scene, f"This is line number {n}", after=n) for n in range(10)]
    for caption in spoken:
        here.nudge(caption.pk)
        other.nudge(caption.pk)
    await none_waits(here, other)
    for n, caption in enumerate(spoken):
        assert await of(caption) == {
            "ja": f"[Japanese] This is line number {n}",
            "zh-Hant": f"[Traditional Chinese] This is line number {n}",
        }
    assert len(llama.lines) == len(set(llama.lines)) == 20  # none was sent twice
    assert llama.most_in_flight == 1
    assert len(llama.asked) < 20


async def test_a_translation_stands_with_its_own_line_whatever_its_place_in_the_request(scene, llama):
    llama.thinks_seconds = 0.2
    spoken = [await said(scene, f"This is line number {n}", after=n) for n in range(6)]
    for caption in reversed(spoken):
        await translation.request(caption.pk)
    await translation.idle()
    assert [(await of(caption))["ja"] for caption in spoken] == [
        f"[Japanese] This is line number {n}" for n in range(6)
    ]


async def test_while_a_slow_translator_is_at_work_no_one_else_has_the_row(scene, llama):
    caption = await said(scene)
    await translation.request(caption.pk)
    for _ in range(12):
        await asyncio.sleep(0.1)
        rows = await pooled(lambda: list(Translation.objects.filter(state="waiting", attempts__gt=0)))()
        assert all(row.next_try_at > timezone.now() for row in rows)
        assert all(row.attempts == 1 for row in rows)
    await translation.idle()
    assert "" not in (await of(caption)).values()


async def test_lines_that_were_waiting_while_it_hung_come_when_it_is_back(scene, llama, monkeypatch):
    monkeypatch.setattr(pacing, "FIRST_OWN", 0.4)
    llama.mode = "hang"
    spoken = [await said(scene, f"This is line number {n}", after=n) for n in range(5)]
    for caption in spoken:
        await translation.request(caption.pk)
    await translation.idle()
    assert await waiting() == 10
    assert len(llama.asked) == 1  # one was enough to know
    assert not chain.configured().ready()

    monkeypatch.setattr(pacing, "FIRST_OWN", 60.0)
    llama.mode, llama.thinks_seconds = "ok", 0.0
    llama.stopping.set()
    await make_due()
    await none_waits(queue.TranslationQueue())
    assert [(await of(caption))["ja"] for caption in spoken] == [
        f"[Japanese] This is line number {n}" for n in range(5)
    ]


async def test_a_model_that_cannot_count_still_translates_every_line(scene, llama):
    llama.thinks_seconds, llama.mode = 0.1, "joined"
    spoken = [await said(scene, f"This is line number {n}", after=n) for n in range(6)]
    for caption in spoken:
        await translation.request(caption.pk)
    await translation.idle()
    assert [(await of(caption))["ja"] for caption in spoken] == [
        f"[Japanese] This is line number {n}" for n in range(6)
    ]
