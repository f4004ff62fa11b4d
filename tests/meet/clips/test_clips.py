"""A clip from its first byte to its row to its deletion."""

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from meet.clips import audio_files, clips
from meet.events import Chunk, ClipEnd, ClipStart
from meet.models import Clip, Meeting
from meet.orm_pool import pooled
from meet.rooms import meetings
from meet.socket.uplink import Uplink
from meet.timestamps import to_ms

State = Clip.State


def start(*, ago=timedelta(0), clip=None, language="zh"):
    began = to_ms(timezone.now() - ago)
    return ClipStart(clip or uuid.uuid4(), 0, began, 0, "audio/webm;codecs=opus", language)


async def send(uplink, event, numbers):
    await uplink.start(event)
    await uplink.chunks(Chunk(event.clip, number, b"chunk %d" % number) for number in numbers)


async def row(event):
    return await Clip.objects.aget(pk=event.clip)


async def unheard(now=None):
    """As the sweep would half an hour later."""
    return await clips.receive_unheard((now or timezone.now()) + timedelta(minutes=30))


async def test_a_whole_clip_becomes_received_and_holds_what_was_sent(cast):
    uplink, event = Uplink(cast.alice.pk), start()
    await send(uplink, event, [0, 1, 2])
    assert not await uplink.whole(event.clip)
    await uplink.end(ClipEnd(event.clip, 3, 1500, "silence"))
    assert await uplink.whole(event.clip)
    clip = await row(event)
    assert (clip.state, clip.keep_to, clip.cut_short) == (State.RECEIVED, 1500, False)
    assert clips.sound(clip.pk) == b"chunk 0chunk 1chunk 2"


async def test_the_end_may_come_before_the_last_chunk(cast):
    uplink, event = Uplink(cast.alice.pk), start()
    await send(uplink, event, [0])
    await uplink.end(ClipEnd(event.clip, 2, None, "stop"))
    assert not await uplink.whole(event.clip)
    await uplink.chunks([Chunk(event.clip, 1, b"x")])
    assert await uplink.whole(event.clip)


async def test_the_first_clip_begins_the_meeting_with_everybody_who_is_there(cast):
    await send(Uplink(cast.alice.pk), start(), [0])
    meeting = await Meeting.objects.aget()
    assert meeting.ended_at is None
    assert [p async for p in meeting.participants.all()] == [cast.alice]


async def test_after_a_reconnect_what_is_on_disk_is_known_and_only_the_rest_is_needed(cast):
    event = start()
    first = Uplink(cast.alice.pk)
    await send(first, event, [0, 2])
    second = Uplink(cast.alice.pk)
    assert await second.start(event) == {0, 2}
    await second.chunks([Chunk(event.clip, 1, b"chunk 1"), Chunk(event.clip, 2, b"again")])
    await second.end(ClipEnd(event.clip, 3, None, "silence"))
    assert await second.whole(event.clip)
    assert clips.sound(event.clip) == b"chunk 0chunk 1chunk 2"


async def test_somebody_elses_clip_is_refused(cast):
    event = start()
    await send(Uplink(cast.alice.pk), event, [0])
    with pytest.raises(clips.ClipRefused) as refused:
        await Uplink(cast.bob.pk).start(event)
    assert refused.value.code == "not_yours"


@pytest.mark.parametrize(
    ("ago", "code"),
    [(timedelta(hours=25), "too_old"), (timedelta(days=20000), "too_old"), (timedelta(days=-300), "in_future")],
)
async def test_a_clip_of_an_impossible_time_is_refused(cast, ago, code):
    with pytest.raises(clips.ClipRefused) as refused:
        await Uplink(cast.alice.pk).start(start(ago=ago))
    assert refused.value.code == code


async def test_a_clip_nobody_has_heard_of_goes_its_way_cut_short(cast):
    event = start()
    await send(Uplink(cast.alice.pk), event, [0, 1])
    assert await clips.receive_unheard(timezone.now()) == []
    assert await unheard() == [event.clip]
    clip = await row(event)
    assert (clip.state, clip.cut_short) == (State.RECEIVED, True)


async def test_a_lease_is_had_once_and_runs_out(cast):
    uplink, event = Uplink(cast.alice.pk), start()
    await send(uplink, event, [0])
    await unheard()
    leased, clip = await clips.lease(event.clip)
    assert clip.attempts == 1
    assert await clips.lease(event.clip) is None
    assert await clips.due(timezone.now()) == []
    assert await clips.due(timezone.now() + timedelta(minutes=2)) == [(event.clip, cast.alice.pk)]
    assert await pooled(clips.extend)(leased)


async def test_a_clip_is_closed_once_by_whoever_holds_the_lease(cast):
    event = start()
    await send(Uplink(cast.alice.pk), event, [0])
    await unheard()
    first, _clip = await clips.lease(event.clip)
    await Clip.objects.filter(pk=event.clip).aupdate(lease_until=timezone.now() - timedelta(seconds=1))
    second, _clip = await clips.lease(event.clip)
    close = clips.pooled(clips.close)
    assert not await close(first, State.CAPTIONED)
    assert await close(second, State.CAPTIONED)
    assert not await close(second, State.SILENT)


async def test_an_attempt_that_never_began_does_not_count(cast):
    event = start()
    await send(Uplink(cast.alice.pk), event, [0])
    await unheard()
    leased, _clip = await clips.lease(event.clip)
    await clips.give_back(leased, timezone.now() + timedelta(seconds=5), tried=False)
    assert (await row(event)).attempts == 0
    assert await clips.lease(event.clip) is None  # not before it is time again


@pytest.mark.parametrize("state", [State.CAPTIONED, State.SILENT, State.FAILED, State.RECEIVED])
async def test_more_of_a_clip_that_was_cut_short_sends_it_on_its_way_again(cast, state):
    event = start()
    lost = Uplink(cast.alice.pk)
    await send(lost, event, [0])
    await unheard()
    leased, _clip = await clips.lease(event.clip)
    if state != State.RECEIVED:
        assert await clips.pooled(clips.close)(leased, state)
    back = Uplink(cast.alice.pk)
    await send(back, event, [1])
    assert (await row(event)).state == State.RECEIVING
    assert not await clips.pooled(clips.close)(leased, State.CAPTIONED)  # what was heard of half a clip
    await back.end(ClipEnd(event.clip, 2, None, "silence"))
    assert await back.whole(event.clip)
    clip = await row(event)
    assert (clip.state, clip.cut_short) == (State.RECEIVED, False)


async def test_sending_all_of_a_captioned_clip_again_changes_nothing(cast):
    event, end = start(), None
    uplink = Uplink(cast.alice.pk)
    await send(uplink, event, [0])
    end = ClipEnd(event.clip, 1, None, "silence")
    await uplink.end(end)
    assert await uplink.whole(event.clip)
    leased, _clip = await clips.lease(event.clip)
    await clips.pooled(clips.close)(leased, State.CAPTIONED)
    again = Uplink(cast.alice.pk)
    assert await again.start(event) == {0}
    await again.end(end)
    assert await again.whole(event.clip)
    assert (await row(event)).state == State.CAPTIONED


async def test_a_late_clip_goes_to_the_ended_meeting_its_time_lies_in(cast):
    await send(Uplink(cast.alice.pk), start(ago=timedelta(minutes=10)), [0])
    old = await Meeting.objects.aget()
    assert await meetings.end(cast.room.pk)
    late = start(ago=timedelta(minutes=5))
    await send(Uplink(cast.alice.pk), late, [0])
    assert (await row(late)).meeting_id == old.pk
    bobs = start(ago=timedelta(minutes=5))
    await send(Uplink(cast.bob.pk), bobs, [0])
    assert (await row(bobs)).meeting_id != old.pk  # Bob took no part in that one


async def test_two_tabs_of_one_browser_never_share_a_number(cast):
    first, second = start(), start()
    await send(Uplink(cast.alice.pk), first, [0])
    await send(Uplink(cast.alice.pk), second, [0])
    assert ((await row(first)).number, (await row(second)).number) == (0, 1)


async def test_a_clip_that_grows_too_large_is_refused_and_what_came_goes_its_way(cast):
    uplink, event = Uplink(cast.alice.pk), start()
    await send(uplink, event, [0])
    for number in range(1, 70):
        await uplink.chunks([uplink.checked(Chunk(event.clip, number, bytes(60_000)))])
    with pytest.raises(clips.ClipRefused) as refused:
        uplink.checked(Chunk(event.clip, 70, bytes(60_000)))
    assert refused.value.code == "clip_too_large"
    assert await uplink.chunks([Chunk(event.clip, 69, bytes(9))]) == {}  # not kept, so not acknowledged
    assert await unheard() == [event.clip]


async def test_a_line_that_stalls_and_goes_on_sends_the_clip_on_its_way_again(cast, monkeypatch):
    monkeypatch.setattr("meet.socket.uplink.STALE_SECONDS", 0)
    uplink, event = Uplink(cast.alice.pk), start()
    await send(uplink, event, [0])
    await unheard()
    await uplink.chunks([Chunk(event.clip, 1, b"late")])
    assert (await row(event)).state == State.RECEIVING


async def test_failed_clips_can_be_sent_on_their_way_again(cast):
    event = start()
    await send(Uplink(cast.alice.pk), event, [0])
    await unheard()
    leased, clip = await clips.lease(event.clip)
    await clips.pooled(clips.close)(leased, State.FAILED, reason="too_many_attempts")
    assert await clips.retry(clip.meeting_id) == [event.clip]
    assert await clips.due(timezone.now()) == [(event.clip, cast.alice.pk)]
    assert await clips.retry(clip.meeting_id) == []


async def test_numbers_go_on_where_the_speaker_left_off(cast):
    assert await clips.next_number(cast.alice.pk) == 0
    await send(Uplink(cast.alice.pk), start(), [0])
    assert await clips.next_number(cast.alice.pk) == 1
    assert await clips.next_number(cast.bob.pk) == 0


async def test_nobody_gets_the_name_of_a_file_of_somebody_elses(cast):
    theirs = start()
    await send(Uplink(cast.alice.pk), theirs, [0])
    alike = uuid.UUID(f"{theirs.clip.hex[:8]}{uuid.uuid4().hex[8:]}")
    await send(Uplink(cast.bob.pk), replace(theirs, clip=alike), [0])
    paths = {audio_files.path_of(await clips.find(clip)) for clip in (theirs.clip, alike)}
    assert len(paths) == 2
