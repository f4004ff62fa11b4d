"""Promised translations are kept: asked for, written, announced; late when the translator was away."""

import asyncio
import contextlib
import logging
import threading
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from meet import translation
from meet.models import Meeting
from meet.orm_pool import pooled
from meet.translation import chinese_scripts, translation_jobs
from tests.libretranslate import libre
from tests.meet.translation.speaking import empty_desk, make_due, of, said, through_libre

__all__ = ["empty_desk", "libre", "through_libre"]
pytestmark = pytest.mark.django_db(transaction=True)


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
    assert chinese_scripts.to_simplified(texts["zh-Hant"]) == texts["zh-Hans"]


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


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time: nobody waits in a circle")
async def test_an_answer_and_a_new_revision_at_once_do_not_wait_for_each_other(scene, monkeypatch):
    caption = await said(scene)
    first = (await translation_jobs.of_clip(caption.pk))[0]
    take, met = translation_jobs.event_numbers.take, threading.Barrier(2)

    def slowly(meeting_id: int) -> int:
        with contextlib.suppress(threading.BrokenBarrierError):
            met.wait(0.5)  # each has what it takes before it counts
        number = take(meeting_id)
        time.sleep(0.2)
        return number

    monkeypatch.setattr(translation_jobs.event_numbers, "take", slowly)
    await asyncio.gather(
        translation_jobs.settle(first, dict.fromkeys(first.targets, "text"), "libre"),
        pooled(lambda: scene.settle(caption.clip, "newer words", "en"))(),
    )


async def test_the_translation_of_an_old_revision_never_overwrites_a_newer_one(scene, libre):
    caption = await said(scene, "the old words")
    jobs = await translation_jobs.of_clip(caption.pk)
    newer = await pooled(lambda: scene.settle(caption.clip, "the new words", "en"))()
    seq = await pooled(lambda: Meeting.objects.get().seq)()
    for job in jobs:
        assert await translation_jobs.settle(job, dict.fromkeys(job.targets, "the old translation"), "libre") == []
    assert set((await of(newer)).values()) == {""}
    assert await pooled(lambda: Meeting.objects.get().seq)() == seq


async def test_a_row_taken_by_a_killed_process_comes_back_when_its_lease_is_over(scene, libre):
    caption = await said(scene)
    for job in await translation_jobs.of_clip(caption.pk):
        assert await translation_jobs.take(job)
    assert await translation_jobs.due(frozenset(), 100) == []
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


async def test_a_line_said_again_is_translated_without_asking(scene, libre):
    for after in (0, 5):
        caption = await said(scene, after=after)
        await translation.request(caption.pk)
        await translation.idle()
        assert (await of(caption))["ja"] == "六十五人が必要です。"
    assert len(libre.asked) == 2
