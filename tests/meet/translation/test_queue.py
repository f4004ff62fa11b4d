"""Who is translated when: so many at once, rooms in turn, what is said just now first, nobody asked in vain."""

import asyncio
from datetime import timedelta

import pytest
from django.utils import timezone

from meet import translation
from meet.models import Translation
from meet.orm_pool import pooled
from meet.translation import chain, queue, translation_jobs
from tests.libretranslate import libre
from tests.meet.scene import make_scene
from tests.meet.translation.speaking import empty_desk, make_due, of, said, through_libre

__all__ = ["empty_desk", "libre", "through_libre"]
pytestmark = pytest.mark.django_db(transaction=True)


async def so(true):
    """Until something is true: the translator's threads and the desk tell nobody."""
    async with asyncio.timeout(60):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_a_request_returns_before_the_translator_answers(scene, libre):
    libre.mode = "held"
    caption = await said(scene)
    await translation.request(caption.pk)
    assert set((await of(caption)).values()) == {""}
    libre.release()
    await translation.idle()
    assert "" not in (await of(caption)).values()  # so nobody had given up waiting for it


async def test_while_a_translator_is_left_alone_no_row_is_touched(scene, libre):
    libre.mode = "gone"
    for n in range(4):
        await said(scene, f"sentence number {n}", after=n)
    await translation.sweep()
    await translation.idle()
    assert not chain.configured().ready()
    libre.asked.clear()
    await make_due()
    before = await pooled(lambda: list(Translation.objects.order_by("pk").values()))()
    await translation.sweep()
    await translation.idle()
    assert await pooled(lambda: list(Translation.objects.order_by("pk").values()))() == before


async def test_at_most_four_are_asked_at_once_for_a_room_and_language(scene, libre, settings):
    settings.TRANSLATE_TO = ["ja"]
    libre.mode = "held"
    for n in range(12):
        await said(scene, f"sentence number {n}", after=n)
    await translation.sweep()
    await so(lambda: libre.in_flight == 4)
    await asyncio.sleep(0.3)  # a fifth would come now
    libre.release()
    await translation.idle()
    assert libre.most_in_flight == 4
    assert len(libre.asked) == 12


async def test_one_rooms_backlog_leaves_places_for_every_other_room(scene, libre):
    libre.mode, libre.slow_seconds = "slow", 0.2
    other = await pooled(lambda: make_scene("other"))()
    for n in range(queue.MOST_JOBS // 2):
        await said(scene, f"sentence number {n}", after=n)
    late = await said(other, after=9999)
    await translation.sweep()
    live = await said(other, "just now")
    await translation.request(live.pk)
    await translation.idle()
    assert "" not in [*(await of(late)).values(), *(await of(live)).values()]
    backlog = {text for _source, _target, text in libre.asked if text.startswith("sentence")}
    assert 0 < len(backlog) < queue.MOST_OF_A_ROOM


async def test_what_is_said_just_now_goes_before_what_is_made_up_for(scene, libre, settings):
    settings.TRANSLATE_TO = ["ja"]
    libre.mode = "held"
    for n in range(12):
        await said(scene, f"sentence number {n}", after=n)
    await translation.sweep()
    await so(lambda: libre.in_flight == 4)
    live = await said(scene, "just now", after=99)
    await translation.request(live.pk)
    await so(lambda: any(seat.live for seat in queue._desk._seats.values()))
    libre.release()
    await translation.idle()
    assert [text for _source, _target, text in libre.asked].index("just now") < 8


async def test_rooms_take_turns_with_their_oldest_speech(scene):
    other = await pooled(lambda: make_scene("other"))()
    for n in range(6):
        await said(scene, f"sentence number {n}", after=n)
    late = await said(other, after=9999)
    texts = [job.text for job in await translation_jobs.due(frozenset(), 9)]
    assert late.text in texts
    assert "sentence number 0" in texts


async def test_waiting_for_a_thread_is_not_held_against_the_translator(scene, libre, monkeypatch):
    monkeypatch.setattr(chain, "LIMIT_SECONDS", 2.4)  # four times one after another are more, one has time to spare
    libre.mode, libre.slow_seconds = "slow", 0.8
    scenes = [await pooled(lambda n=n: make_scene(f"room {n}"))() for n in range(4)]
    spoken = [await said(one, f"sentence number {n}", after=n) for one in scenes for n in range(4)]
    await translation.sweep()
    await translation.idle()
    assert [caption.text for caption in spoken if "" in (await of(caption)).values()] == []


async def test_asking_twice_for_the_same_caption_translates_it_once(scene, libre):
    caption = await said(scene)
    await asyncio.gather(*(translation.request(caption.pk) for _ in range(5)), translation.sweep())
    await translation.idle()
    assert len(libre.asked) == 2


async def test_two_processes_do_not_translate_the_same_row(scene, libre):
    caption = await said(scene)
    one, other = queue.TranslationQueue(), queue.TranslationQueue()
    one.nudge(caption.pk)
    other.nudge(caption.pk)
    await asyncio.gather(one.idle(), other.idle())
    assert len(libre.asked) == 2


async def test_nothing_waits_longer_than_fifteen_seconds_between_two_tries(scene, libre):
    libre.mode = "500"
    caption = await said(scene)
    await pooled(lambda: Translation.objects.update(attempts=40))()
    await translation.request(caption.pk)
    await translation.idle()
    latest = await pooled(lambda: max(Translation.objects.values_list("next_try_at", flat=True)))()
    assert timezone.now() < latest <= timezone.now() + timedelta(seconds=15)


async def test_a_translator_that_refuses_is_asked_again_only_after_a_long_while(scene, libre):
    libre.api_key = "sesame"
    await said(scene)
    await pooled(lambda: Translation.objects.update(attempts=40))()
    await translation.sweep()
    await translation.idle()
    latest = await pooled(lambda: max(Translation.objects.values_list("next_try_at", flat=True)))()
    assert latest > timezone.now() + timedelta(minutes=9)


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_a_translator_away_for_two_minutes_then_back_leaves_nothing_waiting(scene, libre):
    libre.mode = "gone"
    clock = asyncio.get_running_loop().time
    back_at, spoken = clock() + 120, []
    while clock() < back_at + 40:
        if clock() < back_at:
            spoken.append(await said(scene, f"sentence number {len(spoken)}", after=len(spoken)))
            await translation.request(spoken[-1].pk)
        else:
            libre.mode = "ok"
        await translation.sweep()
        await asyncio.sleep(2)
        waiting = await pooled(lambda: Translation.objects.filter(state="waiting").count())()
        if clock() > back_at and not waiting:
            break
    assert not waiting
    assert clock() < back_at + 25
    assert len(libre.asked) < 400
