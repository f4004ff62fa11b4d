"""Promised translations are kept: asked for, written, announced; late when the translator was away."""

import asyncio
import contextlib
import json
import logging
import threading
import time
from datetime import timedelta

import pytest
from channels.layers import get_channel_layer
from django.db import connection
from django.utils import timezone

from meet import broadcast, translation
from meet.models import Meeting, Translation
from meet.orm_pool import pooled
from meet.translation import chain, desk, ledger, scripts
from tests.libretranslate import LibreTranslate, libre
from tests.meet.scene import make_scene, translations

__all__ = ["libre"]
pytestmark = pytest.mark.django_db(transaction=True)
SENTENCE = "We need sixty-five people."


@pytest.fixture(autouse=True)
async def empty_desk():
    yield
    await translation.close()


@pytest.fixture(autouse=True)
def through_libre(settings, libre):
    settings.TRANSLATOR, settings.LIBRE_URL = ["libre"], libre.url


@pytest.fixture
def scene():
    return make_scene()


@pytest.fixture
async def heard(scene):
    """What everybody in the room is sent."""
    layer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add(broadcast.group(scene.room.pk), channel)

    async def receive() -> dict:
        message = await asyncio.wait_for(layer.receive(channel), 2)
        return json.loads(message["event"])

    return receive


@pooled
def said(scene, text=SENTENCE, language="en", **more):
    return scene.say(text, language, **more)


@pooled
def of(caption):
    return translations(caption)


@pooled
def make_due() -> int:
    return Translation.objects.filter(state="waiting").update(next_try_at=timezone.now() - timedelta(seconds=1))


async def test_a_caption_is_translated_into_every_language(scene, libre):
    caption = await said(scene)
    await translation.request(caption.pk)
    await translation.idle()
    assert await of(caption) == {
        "zh-Hant": "我們需要六十五個人。",
        "zh-Hans": "我们需要六十五个人。",
        "ja": "六十五人が必要です。",
    }


async def test_both_chinese_scripts_come_from_one_answer(scene, libre):
    caption = await said(scene)
    await translation.request(caption.pk)
    await translation.idle()
    assert sorted(target for _source, target, _text in libre.asked) == ["ja", "zh"]
    texts = await of(caption)
    assert scripts.to_simplified(texts["zh-Hant"]) == texts["zh-Hans"]


async def test_everybody_in_the_room_is_told_with_a_number_of_its_own(scene, libre, heard):
    caption = await said(scene, "謝謝大家，會議結束。", "zh-Hant")
    await translation.request(caption.pk)
    events = [await heard(), await heard()]
    assert {(e["type"], e["clip"], e["lang"], e["state"], e["text"]) for e in events} == {
        ("translation", str(caption.pk), "en", "done", "Thank you everyone, the meeting is over."),
        ("translation", str(caption.pk), "ja", "done", "皆さんありがとうございました、会議を終わります。"),
    }
    assert sorted(e["seq"] for e in events) == [caption.seq + 1, caption.seq + 2]
    assert {(e["meeting"], e["revision"]) for e in events} == {(scene.meeting.pk, caption.revision)}


async def test_a_translation_that_comes_after_the_meeting_is_kept_and_told_to_nobody(scene, libre, heard):
    caption = await said(scene)
    await pooled(lambda: Meeting.objects.update(ended_at=timezone.now() - timedelta(hours=1)))()
    await translation.request(caption.pk)
    await translation.idle()
    assert (await of(caption))["ja"] == "六十五人が必要です。"
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await heard()


async def test_a_request_returns_before_the_translator_answers(scene, libre):
    libre.mode, libre.slow_seconds = "slow", 0.5
    caption = await said(scene)
    began = asyncio.get_running_loop().time()
    await translation.request(caption.pk)
    assert asyncio.get_running_loop().time() - began < 0.1
    assert set((await of(caption)).values()) == {""}


async def test_a_caption_in_the_translators_absence_waits_and_is_filled_in_when_it_is_back(scene, libre):
    libre.mode = "gone"
    caption = await said(scene)
    await translation.request(caption.pk)
    await translation.idle()
    assert set((await of(caption)).values()) == {""}

    libre.mode = "ok"
    await make_due()
    await translation.sweep()
    await translation.idle()
    assert (await of(caption))["ja"] == "六十五人が必要です。"


async def test_nothing_waits_longer_than_fifteen_seconds_between_two_tries(scene, libre):
    libre.mode = "500"
    caption = await said(scene)
    await pooled(lambda: Translation.objects.update(attempts=40))()
    await translation.request(caption.pk)
    await translation.idle()
    latest = await pooled(lambda: max(Translation.objects.values_list("next_try_at", flat=True)))()
    assert timezone.now() < latest <= timezone.now() + timedelta(seconds=15)


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
    libre.mode, libre.slow_seconds = "slow", 0.1
    for n in range(12):
        await said(scene, f"sentence number {n}", after=n)
    await translation.sweep()
    await translation.idle()
    assert libre.most_in_flight == 4
    assert len(libre.asked) == 12


async def test_one_rooms_backlog_leaves_places_for_every_other_room(scene, libre):
    libre.mode, libre.slow_seconds = "slow", 0.2
    other = await pooled(lambda: make_scene("other"))()
    for n in range(desk.MOST_JOBS // 2):
        await said(scene, f"sentence number {n}", after=n)
    late = await said(other, after=9999)
    await translation.sweep()
    live = await said(other, "just now")
    await translation.request(live.pk)
    await asyncio.sleep(1)
    assert "" not in (await of(late)).values()
    assert "" not in (await of(live)).values()
    assert (
        0 < len({text for _source, _target, text in libre.asked if text.startswith("sentence")}) < desk.MOST_OF_A_ROOM
    )


async def test_what_is_said_just_now_goes_before_what_is_made_up_for(scene, libre, settings):
    settings.TRANSLATE_TO = ["ja"]
    libre.mode, libre.slow_seconds = "slow", 0.2
    for n in range(12):
        await said(scene, f"sentence number {n}", after=n)
    await translation.sweep()
    live = await said(scene, "just now", after=99)
    await translation.request(live.pk)
    await translation.idle()
    assert [text for _source, _target, text in libre.asked].index("just now") < 8


async def test_rooms_take_turns_with_their_oldest_speech(scene):
    other = await pooled(lambda: make_scene("other"))()
    for n in range(6):
        await said(scene, f"sentence number {n}", after=n)
    late = await said(other, after=9999)
    texts = [job.text for job in await ledger.due(frozenset(), 9)]
    assert late.text in texts
    assert "sentence number 0" in texts


async def test_waiting_for_a_thread_is_not_held_against_the_translator(scene, libre, monkeypatch):
    monkeypatch.setattr(chain, "LIMIT_SECONDS", 0.6)
    libre.mode, libre.slow_seconds = "slow", 0.3
    scenes = [await pooled(lambda n=n: make_scene(f"room {n}"))() for n in range(4)]
    spoken = [await said(one, f"sentence number {n}", after=n) for one in scenes for n in range(4)]
    await translation.sweep()
    await translation.idle()
    assert [caption.text for caption in spoken if "" in (await of(caption)).values()] == []


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time: nobody waits in a circle")
async def test_an_answer_and_a_new_revision_at_once_do_not_wait_for_each_other(scene, monkeypatch):
    caption = await said(scene)
    first = (await ledger.of_clip(caption.pk))[0]
    take, met = ledger.sequence.take, threading.Barrier(2)

    def slowly(meeting_id: int) -> int:
        with contextlib.suppress(threading.BrokenBarrierError):
            met.wait(0.5)  # each has what it takes before it counts
        number = take(meeting_id)
        time.sleep(0.2)
        return number

    monkeypatch.setattr(ledger.sequence, "take", slowly)
    await asyncio.gather(
        ledger.settle(first, dict.fromkeys(first.targets, "text"), "libre"),
        pooled(lambda: scene.settle(caption.clip, "newer words", "en"))(),
    )


async def test_asking_twice_for_the_same_caption_translates_it_once(scene, libre):
    caption = await said(scene)
    await asyncio.gather(*(translation.request(caption.pk) for _ in range(5)), translation.sweep())
    await translation.idle()
    assert len(libre.asked) == 2


async def test_two_processes_do_not_translate_the_same_row(scene, libre):
    caption = await said(scene)
    one, other = desk.Desk(), desk.Desk()
    one.nudge(caption.pk)
    other.nudge(caption.pk)
    await asyncio.gather(one.idle(), other.idle())
    assert len(libre.asked) == 2


async def test_the_translation_of_an_old_revision_never_overwrites_a_newer_one(scene, libre):
    caption = await said(scene, "the old words")
    jobs = await ledger.of_clip(caption.pk)
    newer = await pooled(lambda: scene.settle(caption.clip, "the new words", "en"))()
    seq = await pooled(lambda: Meeting.objects.get().seq)()
    for job in jobs:
        assert await ledger.settle(job, dict.fromkeys(job.targets, "the old translation"), "libre") == []
    assert set((await of(newer)).values()) == {""}
    assert await pooled(lambda: Meeting.objects.get().seq)() == seq


async def test_a_row_taken_by_a_killed_process_comes_back_when_its_lease_is_over(scene, libre):
    caption = await said(scene)
    for job in await ledger.of_clip(caption.pk):
        assert await ledger.take(job)
    assert await ledger.due(frozenset(), 100) == []
    await make_due()
    await translation.sweep()
    await translation.idle()
    assert "" not in (await of(caption)).values()


async def test_what_was_said_is_in_no_log_line(scene, libre, caplog):
    caplog.set_level(logging.DEBUG)
    libre.mode = "500"
    caption = await said(scene, "the quarterly figures are bad")
    await translation.request(caption.pk)
    await translation.idle()
    assert str(caption.pk) in caplog.text
    assert "quarterly" not in caplog.text


async def test_a_second_translator_answers_for_the_first(scene, libre):
    from meet.translation.libre import Libre

    with LibreTranslate() as away:
        away.mode = "429"
        both = chain.Chain([Libre(away.url), Libre(libre.url)])
        answer = await both.translate(chain.Ask(SENTENCE, "en", "ja"))
    assert answer.text == "六十五人が必要です。"


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
