"""A speaker takes a line of their own back, and nothing of what was said is left anywhere."""

import asyncio
import json
import uuid

import pytest
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from meet import broadcast, pipeline
from meet.clips import audio_files, audit, clips, file_deletion
from meet.clips.clips import ClipRefused
from meet.events import BadEvent, Chunk, ClipEnd, ClipStart
from meet.models import Caption, Clip, Erasure, Meeting, Translation
from meet.orm_pool import pooled
from meet.recognition.speech_client import TranscriptionResult
from meet.record import lines, recording, snapshot, transcript_files
from meet.record.withdrawal import withdraw
from meet.rooms import meetings
from meet.socket.uplink import Uplink
from meet.timestamps import to_ms
from meet.translation import translation_jobs
from tests.meet.scene import make_scene

pytestmark = pytest.mark.django_db(transaction=True)
State = Clip.State
SECRET = "這句話我要收回"


@pytest.fixture
def scene():
    return make_scene()


@pytest.fixture
def line(scene):
    """A line of Alice's with everything that may be there of one: sound, texts, parts, a translation."""
    caption = scene.say(SECRET, after=5)
    scene.say("留下來的話", after=9)
    folder = clips.folder(caption.pk)
    folder.mkdir(parents=True)
    (folder / "a.part").write_bytes(b"opus")
    Clip.objects.filter(pk=caption.pk).update(suppressed="phantom")
    transcript_files.rebuild(scene.meeting.pk)
    assert SECRET in everything_below(settings.MEDIA_ROOT)
    return caption


def everything_below(folder) -> str:
    """The names and the readable content of all files."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return "".join(f"{path.name}\n{path.read_bytes().decode(errors='ignore')}" for path in paths)


async def row(clip) -> Clip:
    return await Clip.objects.select_related("meeting__room", "participant").aget(pk=clip)


async def hears(scene):
    """What a page in the room hears, event by event."""
    layer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add(broadcast.group(scene.room.pk), channel)

    async def next_event():
        return json.loads((await asyncio.wait_for(layer.receive(channel), 30))["event"])

    return next_event


async def arriving(speaker) -> tuple[Uplink, ClipStart]:
    """A clip whose first chunk is on disk."""
    event = ClipStart(uuid.uuid4(), 7, to_ms(timezone.now()), 0, "audio/webm", "")
    uplink = Uplink(speaker.pk)
    await uplink.start(event)
    await uplink.chunks([Chunk(event.clip, 0, b"one")])
    return uplink, event


async def test_words_translations_sound_and_what_arrived_go_and_the_transcripts_are_written_without_them(scene, line):
    await withdraw(line.pk, scene.alice.pk)
    assert not await Caption.objects.filter(pk=line.pk).aexists()
    assert not await Translation.objects.filter(caption=line.pk).aexists()
    assert not (settings.MEDIA_ROOT / line.clip.audio).exists()
    assert not clips.folder(line.pk).exists()
    gone = await row(line.pk)
    assert (gone.state, gone.suppressed, gone.audio) == (State.WITHDRAWN, "", "")
    await transcript_files.write_due()
    left = everything_below(settings.MEDIA_ROOT)
    assert SECRET not in left
    assert line.pk.hex[:8] not in left
    assert "Alice: (withdrawn)" in left
    assert "留下來的話" in left


async def test_everybody_hears_who_withdrew_it_and_never_what_it_was(scene, line):
    next_event = await hears(scene)
    await withdraw(line.pk, scene.alice.pk)
    event = await next_event()
    await scene.meeting.arefresh_from_db()
    assert (event["type"], event["clip"], event["name"]) == ("withdrawn", str(line.pk), "Alice")
    assert (event["seq"], event["started_at"]) == (scene.meeting.seq, to_ms(line.started_at))
    assert SECRET not in json.dumps(event, ensure_ascii=False)


async def test_who_comes_late_or_scrolls_up_sees_that_a_line_was_withdrawn(scene, line):
    await withdraw(line.pk, scene.alice.pk)
    shown = json.loads(await snapshot.of_room(scene.room.pk))
    assert [(one["type"], one["clip"] == str(line.pk)) for one in shown["captions"]] == [
        ("withdrawn", True),
        ("caption", False),
    ]
    page = await pooled(lines.page)(scene.meeting.pk, lines.LinesQuery())
    assert page.lines[0]["withdrawn_at"] >= page.lines[0]["started_at"]


async def test_nobody_withdraws_what_somebody_else_said_not_even_the_host(scene):
    caption = await pooled(scene.say)("Bob's words", "en", await pooled(scene.join)("Bob"))
    for clip in (caption.pk, uuid.uuid4()):
        with pytest.raises(BadEvent) as refused:
            await withdraw(clip, scene.alice.pk)
        assert refused.value.code == "not_your_line"
    assert await Caption.objects.filter(pk=caption.pk).aexists()


async def test_who_shares_a_sound_withdraws_its_lines_too(scene, line):
    tab = await pooled(scene.join)("Alice's tab")
    tab.shared_by = scene.alice
    await tab.asave()
    await Clip.objects.filter(pk=line.pk).aupdate(participant=tab)
    await withdraw(line.pk, scene.alice.pk)
    assert (await row(line.pk)).state == State.WITHDRAWN


async def test_withdrawing_twice_is_told_once(scene, line):
    await withdraw(line.pk, scene.alice.pk)
    seq = (await Meeting.objects.aget()).seq
    await withdraw(line.pk, scene.alice.pk)
    assert (await Meeting.objects.aget()).seq == seq


async def test_who_hears_a_clip_that_is_withdrawn_meanwhile_has_lost_it(scene):
    clip = await pooled(scene.clip)(state=State.RECEIVED, audio="", duration_ms=None)
    leased, taken = await clips.lease(clip.pk)
    await withdraw(clip.pk, scene.alice.pk)
    assert await pipeline._settle(leased, taken, TranscriptionResult(SECRET, "zh", "", "")) == []
    assert not await pooled(clips.extend)(leased)
    assert await clips.due(timezone.now()) == await audio_files.due() == []
    assert (await row(clip.pk)).state == State.WITHDRAWN
    assert not await Caption.objects.aexists()


async def test_a_clip_that_is_withdrawn_while_its_caption_is_written_has_none_in_the_end(scene):
    received = [await pooled(scene.clip)(state=State.RECEIVED, audio="", duration_ms=None) for _ in range(8)]
    for clip in received:
        leased, taken = await clips.lease(clip.pk)
        await asyncio.gather(
            pipeline._settle(leased, taken, TranscriptionResult(SECRET, "zh", "", "")),
            withdraw(clip.pk, scene.alice.pk),
        )
    assert not await Caption.objects.aexists()
    assert not await Clip.objects.exclude(state=State.WITHDRAWN).aexists()


async def test_sound_that_is_written_after_the_withdrawal_goes_again(scene, line):
    version = (await row(line.pk)).version
    await withdraw(line.pk, scene.alice.pk)
    late = settings.MEDIA_ROOT / line.clip.audio
    for path in (late, late.with_suffix(".txt"), late.with_name(f".{late.name}.17")):
        path.write_bytes(b"what was said")
    assert not await audio_files.written(line.pk, version, line.clip.audio, 2000)
    await file_deletion.sweep()
    assert line.pk.hex[:8] not in everything_below(settings.MEDIA_ROOT)


async def test_a_late_translation_is_neither_written_nor_told(scene, settings):
    settings.TRANSLATOR = ["google"]
    caption = await pooled(scene.say)(SECRET)
    job = (await translation_jobs.of_clip(caption.pk))[0]
    await withdraw(caption.pk, scene.alice.pk)
    assert await translation_jobs.settle(job, {"en": "I take this back"}, "google") == []
    assert not await Translation.objects.aexists()


async def test_a_clip_that_is_still_being_received_can_be_withdrawn_and_what_comes_of_it_is_refused(scene):
    uplink, event = await arriving(scene.alice)
    await withdraw(event.clip, scene.alice.pk)
    assert await uplink.chunks([Chunk(event.clip, 1, b"two")]) == {}
    assert [(one.clip, one.code) for one in uplink.refused()] == [(event.clip, "withdrawn")]
    assert not clips.folder(event.clip).exists()
    assert (await row(event.clip)).state == State.WITHDRAWN


async def test_an_end_that_comes_after_the_withdrawal_revives_nothing(scene):
    uplink, event = await arriving(scene.alice)
    await withdraw(event.clip, scene.alice.pk)
    await uplink.end(ClipEnd(event.clip, 1, None, "stop"))
    assert not await uplink.whole(event.clip)
    assert [one.code for one in uplink.refused()] == ["withdrawn"]
    assert (await row(event.clip)).state == State.WITHDRAWN


async def test_a_withdrawn_clip_that_is_sent_again_is_refused_with_the_reason(scene):
    _uplink, event = await arriving(scene.alice)
    await withdraw(event.clip, scene.alice.pk)
    with pytest.raises(ClipRefused) as refused:
        await Uplink(scene.alice.pk).start(event)
    assert refused.value.code == "withdrawn"


async def test_a_gap_can_be_withdrawn(scene):
    clip = await pooled(scene.clip)(state=State.FAILED)
    await withdraw(clip.pk, scene.alice.pk)
    shown = json.loads(await snapshot.of_room(scene.room.pk))
    assert [one["type"] for one in shown["captions"]] == ["withdrawn"]


async def test_a_line_of_a_meeting_that_is_over_can_be_withdrawn_and_its_recording_goes_at_once(scene, line):
    await meetings.end(scene.room.pk)
    path = recording.path_of((await row(line.pk)).meeting)
    path.write_bytes(b"fLaC")
    await Meeting.objects.aupdate(recording_seq=99, recording_made_of="x")
    await withdraw(line.pk, scene.alice.pk)
    assert not path.exists()
    assert await recording.due(timezone.now()) == [scene.meeting.pk]
    await transcript_files.write_due()
    assert SECRET not in everything_below(settings.MEDIA_ROOT)


async def test_withdrawn_clips_are_accounted_for(scene, line):
    await withdraw(line.pk, scene.alice.pk)
    entries = await pooled(audit.of_meeting)(scene.meeting, timezone.now() + audit.UNDER_WAY * 2)
    assert [(entry.state, entry.missing) for entry in entries if entry.number == line.clip.number] == [
        ("withdrawn", "")
    ]


async def test_files_that_a_killed_process_left_go_with_the_next_sweep(scene, line, monkeypatch):
    async def killed():
        raise KeyboardInterrupt

    monkeypatch.setattr(file_deletion, "sweep", killed)
    with pytest.raises(KeyboardInterrupt):
        await withdraw(line.pk, scene.alice.pk)
    assert (settings.MEDIA_ROOT / line.clip.audio).exists()
    monkeypatch.undo()
    await file_deletion.sweep()
    assert not (settings.MEDIA_ROOT / line.clip.audio).exists()
    assert not clips.folder(line.pk).exists()


async def test_everybody_hears_of_it_where_the_disk_refuses_to_erase(scene, line, monkeypatch):
    async def refused():
        raise OSError("read-only")

    monkeypatch.setattr(file_deletion, "sweep", refused)
    next_event = await hears(scene)
    with pytest.raises(OSError, match="read-only"):
        await withdraw(line.pk, scene.alice.pk)
    assert (await next_event())["type"] == "withdrawn"


async def test_a_line_goes_at_once_however_much_else_is_to_be_erased(scene, line):
    many = [f"{scene.room.slug}/{scene.meeting.folder}/clips/{n}.flac" for n in range(1200)]
    await pooled(file_deletion.order)(timezone.now(), media=many, parts=[])
    await withdraw(line.pk, scene.alice.pk)
    assert not (settings.MEDIA_ROOT / line.clip.audio).exists()


async def test_what_a_killed_process_left_half_written_of_it_goes_too(scene, line):
    path = settings.MEDIA_ROOT / line.clip.audio
    torn, other = (path.with_name(f".{name}.123") for name in (path.name, "another.flac"))
    for left in (torn, other):
        left.write_bytes(b"fLaC")
    await withdraw(line.pk, scene.alice.pk)
    assert (torn.exists(), other.exists()) == (False, True)


async def test_an_order_to_erase_is_forgotten_when_its_time_is_over(scene, line):
    await withdraw(line.pk, scene.alice.pk)
    assert await Erasure.objects.aexists()
    await Erasure.objects.aupdate(until=timezone.now())
    await file_deletion.sweep()
    assert not await Erasure.objects.aexists()


@pytest.mark.parametrize("what", ["room", "meeting"])
async def test_a_deleted_room_or_meeting_takes_its_files_along_and_no_others(scene, line, what):
    other = await pooled(make_scene)("another")
    await pooled(other.say)("stays", "en")
    await pooled(getattr(scene, what).delete)()
    await file_deletion.sweep()
    assert not (settings.MEDIA_ROOT / scene.room.slug / scene.meeting.folder).exists()
    assert (settings.MEDIA_ROOT / scene.room.slug).exists() == (what == "meeting")
    assert not clips.folder(line.pk).exists()
    assert list((settings.MEDIA_ROOT / other.room.slug).rglob("*.flac"))


async def test_a_deletion_that_is_rolled_back_takes_no_files(scene, line):
    @pooled
    def changes_its_mind():
        with transaction.atomic():
            scene.room.delete()
            transaction.set_rollback(True)

    await changes_its_mind()
    await file_deletion.sweep()
    assert (settings.MEDIA_ROOT / line.clip.audio).exists()


async def test_files_of_a_meeting_that_is_there_again_are_left_alone(scene, line):
    await pooled(file_deletion.order)(
        timezone.now(), media=[f"{scene.room.slug}/{scene.meeting.folder}", scene.room.slug], parts=[line.pk]
    )
    await file_deletion.sweep()
    assert (settings.MEDIA_ROOT / line.clip.audio).exists()
    assert clips.folder(line.pk).exists()
    assert not await Erasure.objects.aexists()


async def test_chunks_of_a_clip_whose_meeting_was_deleted_are_refused(scene):
    uplink, event = await arriving(scene.alice)
    await pooled(Meeting.objects.filter(pk=(await row(event.clip)).meeting_id).delete)()
    await file_deletion.sweep()
    assert await uplink.chunks([Chunk(event.clip, 1, b"two")]) == {}
    assert [one.code for one in uplink.refused()] == ["deleted"]
