"""What keeps the house in order."""

import asyncio
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from meet import pipeline, sweep
from meet.clips import audio_files, clips
from meet.events import Chunk, ClipStart
from meet.models import Clip
from meet.orm_pool import pooled
from meet.socket.uplink import Uplink
from meet.timestamps import to_ms


@pytest.fixture
def nudged(monkeypatch):
    """The clips that would begin their journey."""
    found = []
    monkeypatch.setattr(pipeline, "nudge", lambda clip, speaker: found.append(clip))
    return found


async def test_a_clip_left_by_a_vanished_browser_is_picked_up(cast, nudged, monkeypatch):
    monkeypatch.setattr(sweep.engine_status, "answers", lambda: True)
    monkeypatch.setattr(clips, "UNHEARD_AFTER", timedelta(0))
    event = ClipStart(uuid.uuid4(), 0, to_ms(timezone.now()), 0, "audio/webm", "")
    uplink = Uplink(cast.alice.pk)
    await uplink.start(event)
    await uplink.chunks([Chunk(event.clip, 0, b"x")])
    await asyncio.sleep(0.02)
    await sweep.pick_up_clips()
    assert nudged == [event.clip]
    assert (await Clip.objects.aget()).cut_short


async def test_while_nobody_hears_nothing_is_nudged(cast, nudged, monkeypatch):
    monkeypatch.setattr(sweep.engine_status, "answers", lambda: False)
    event = ClipStart(uuid.uuid4(), 0, to_ms(timezone.now()), 0, "audio/webm", "")
    await Uplink(cast.alice.pk).start(event)
    await Clip.objects.aupdate(state=Clip.State.RECEIVED)
    await sweep.pick_up_clips()
    assert nudged == []


async def test_a_duty_that_fails_comes_again(caplog):
    calls, again = [], asyncio.Event()

    async def duty():
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError("once")
        again.set()

    task = asyncio.create_task(sweep._repeat(duty, 0.01))
    await asyncio.wait_for(again.wait(), 30)
    task.cancel()
    assert "duty failed" in caplog.text


async def test_what_arrived_is_deleted_when_nothing_can_be_added_and_the_audio_is_written(cast):
    kept = {}
    for name, length, state in (("old", 900, "captioned"), ("unwritten", None, "captioned"), ("lost", None, "failed")):
        event = ClipStart(uuid.uuid4(), 0, to_ms(timezone.now()), 0, "audio/webm", "")
        uplink = Uplink(cast.alice.pk)
        await uplink.start(event)
        await uplink.chunks([Chunk(event.clip, 0, b"x")])
        await Clip.objects.filter(pk=event.clip).aupdate(
            audio="a.flac" if length else "", duration_ms=length, state=state
        )
        kept[name] = clips.folder(event.clip)
    assert await audio_files.discard_parts(timezone.now()) == 0
    assert await audio_files.discard_parts(timezone.now() + timedelta(hours=25)) == 1
    assert [name for name, folder in kept.items() if folder.exists()] == ["unwritten", "lost"]


async def test_the_audio_of_a_closed_clip_is_its_closers_to_write_and_after_a_while_one_others(cast):
    event = ClipStart(uuid.uuid4(), 0, to_ms(timezone.now()), 0, "audio/webm", "")
    await Uplink(cast.alice.pk).start(event)
    await Clip.objects.aupdate(state=Clip.State.RECEIVED)
    leased, _clip = await clips.lease(event.clip)
    assert await pooled(clips.close)(leased, Clip.State.CAPTIONED)
    assert await audio_files.due() == []
    await Clip.objects.aupdate(lease_until=timezone.now())
    assert await audio_files.due() == [event.clip]
    assert await audio_files.due() == []


async def test_a_clip_that_cannot_be_picked_up_keeps_no_other_waiting(monkeypatch, caplog):
    bad, good = uuid.uuid4(), uuid.uuid4()
    done = []

    async def found():
        return [bad, good]

    async def work(clip):
        if clip == bad:
            raise OSError("unreadable")
        done.append(clip)

    monkeypatch.setattr(audio_files, "due", found)
    monkeypatch.setattr(pipeline, "keep_audio", work)
    await sweep.pick_up_audio()
    assert done == [good]
    assert str(bad) in caplog.text
