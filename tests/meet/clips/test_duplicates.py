"""The same voice through two laptops is one line, and can be taken apart again."""

import asyncio
import io
import json
import uuid
from datetime import timedelta

import numpy as np
import pytest
import soundfile
from channels.layers import get_channel_layer
from django.conf import settings
from django.utils import timezone

from meet import broadcast, pipeline
from meet.clips import audio, clips, duplicates, text_similarity
from meet.events import BadEvent, Chunk, ClipEnd, ClipStart
from meet.models import Caption, Clip, Meeting
from meet.orm_pool import pooled
from meet.recognition import speech_client
from meet.record import record, recording, snapshot, transcript_files
from meet.record.withdrawal import withdraw
from meet.socket.uplink import Uplink
from meet.timestamps import to_ms
from tests.meet.scene import make_scene
from tests.sentences import sentences

pytestmark = pytest.mark.django_db(transaction=True)
LONG = {language: sentences(language, exact=True)[0] for language in ("zh", "en", "ja")}
RATE = 16_000


def through(sound, gain=1.0, noise=0.0005, late=0.0, seed=1):
    """A voice as a microphone further away has it: fainter, noisier, beginning a little later in its clip."""
    hiss = np.random.default_rng(seed)
    quiet = np.concatenate([np.zeros(round(late * RATE)), gain * sound])
    return np.clip(quiet + hiss.standard_normal(len(quiet)) * noise, -1, 1)


def wav(sound) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, sound, RATE, format="WAV", subtype="PCM_16")
    return buffer.getvalue()


@pytest.fixture
def scene():
    return make_scene(started_at=timezone.now() - timedelta(minutes=1))


@pytest.fixture
def bob(scene):
    return scene.join("Bob")


async def spoken(scene, speaker, sound, after_ms=0.0):
    """A clip of this sound, received whole, on its way through the real speech tier to its caption and audio."""
    event = ClipStart(uuid.uuid4(), 0, to_ms(scene.meeting.started_at) + 5000 + after_ms, 0, "audio/wav", "")
    uplink = Uplink(speaker.pk)
    await uplink.start(event)
    data = wav(sound)
    await uplink.chunks(
        [Chunk(event.clip, n, data[at : at + 40_000]) for n, at in enumerate(range(0, len(data), 40_000))]
    )
    await uplink.end(ClipEnd(event.clip, -(-len(data) // 40_000), None, "silence"))
    assert await uplink.whole(event.clip)
    await pipeline.caption(event.clip)
    return event.clip


async def line(scene, by, sound, text="我們決定延後合約。", after=5.0):
    """A caption and its audio on disk, as the pipeline leaves them before they are compared."""
    caption = await pooled(scene.say)(text, "zh-Hant", by, after)
    soundfile.write(settings.MEDIA_ROOT / caption.clip.audio, sound, RATE, format="FLAC", subtype="PCM_16")
    await Clip.objects.filter(pk=caption.pk).aupdate(duration_ms=round(1000 * len(sound) / RATE))
    return caption.pk


async def pair(scene, bob):
    """Alice's line, and her voice in Bob's microphone, folded."""
    sound = LONG["zh"].audio
    alices = await line(scene, scene.alice, through(sound))
    bobs = await line(scene, bob, through(sound, 0.3, 0.002), after=5.05)
    told = await duplicates.consider(bobs)
    assert [json.loads(event)["into"] for event in told] == [str(alices)]
    return alices, bobs


async def test_nobody_takes_over_a_line_by_sending_its_sound_again_louder(scene, bob):
    sound = LONG["zh"].audio
    alices = await line(scene, scene.alice, through(sound, 0.3))
    await Clip.objects.filter(pk=alices).aupdate(received_at=timezone.now() - timedelta(minutes=2))
    bobs = await line(scene, bob, through(sound))
    told = [json.loads(event) for event in await duplicates.consider(bobs)]
    assert [(event["clip"], event["into"]) for event in told] == [(str(bobs), str(alices))]
    await withdraw(bobs, bob.pk)
    assert await Caption.objects.filter(pk=alices).aexists()


async def into(clip):
    return (await Caption.objects.aget(pk=clip)).folded_into_id


@pytest.mark.parametrize("language", LONG)
async def test_one_voice_through_two_microphones_is_one_line_as_the_engine_hears_it(scene, bob, tier, language):
    sound = LONG[language].audio
    alices = await spoken(scene, scene.alice, through(sound))
    bobs = await spoken(scene, bob, through(sound, gain=0.3, noise=0.002, late=0.06), after_ms=-40)
    assert (await into(alices), await into(bobs)) == (None, alices)


async def test_the_louder_microphone_stands_for_both_whichever_was_captioned_first(scene, bob, tier):
    sound = LONG["en"].audio
    bobs = await spoken(scene, bob, through(sound, gain=0.3, noise=0.002))
    alices = await spoken(scene, scene.alice, through(sound))
    assert (await into(alices), await into(bobs)) == (None, alices)


async def test_everybody_hears_that_a_line_was_folded(scene, bob, tier):
    layer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add(broadcast.group(scene.room.pk), channel)
    sound = LONG["ja"].audio
    alices = await spoken(scene, scene.alice, through(sound))
    bobs = await spoken(scene, bob, through(sound, gain=0.3, noise=0.002))
    heard = [json.loads((await asyncio.wait_for(layer.receive(channel), 30))["event"]) for _ in range(3)]
    assert [(event["type"], event["seq"]) for event in heard] == [("caption", 1), ("caption", 2), ("folded", 3)]
    assert (heard[2]["clip"], heard[2]["into"]) == (str(bobs), str(alices))


async def test_who_comes_late_sees_the_same(scene, bob):
    alices, bobs = await pair(scene, bob)
    shown = json.loads(await snapshot.of_room(scene.room.pk))["captions"]
    assert {one["clip"]: one["folded_into"] for one in shown} == {str(alices): None, str(bobs): str(alices)}


async def test_the_transcripts_hold_a_folded_line_once_and_after_unfolding_both(scene, bob):
    _alices, bobs = await pair(scene, bob)
    lines = await pooled(record.lines)(scene.meeting)
    assert transcript_files.render(tuple(lines), None, scene.meeting.started_at).count("我們決定延後合約。") == 1
    await duplicates.unfold(bobs, bob.pk)
    lines = await pooled(record.lines)(scene.meeting)
    assert transcript_files.render(tuple(lines), None, scene.meeting.started_at).count("我們決定延後合約。") == 2


async def test_the_merged_recording_holds_the_voice_once_and_after_unfolding_twice(scene, bob):
    alices, bobs = await pair(scene, bob)
    meeting = await Meeting.objects.select_related("room").aget()
    plan = await pooled(recording._plan)(meeting)
    assert [clip.clip for clip in plan.clips] == [str(alices)]
    await duplicates.unfold(bobs, bob.pk)
    plan = await pooled(recording._plan)(meeting)
    assert [clip.clip for clip in plan.clips] == [str(alices), str(bobs)]


@pytest.mark.parametrize("who", ["speaker", "other", "host"])
async def test_those_whose_microphones_they_are_and_the_host_unfold_for_good(scene, bob, who):
    carol = await pooled(scene.join)("Carol")
    sound = LONG["zh"].audio
    carols = await line(scene, carol, through(sound))
    bobs = await line(scene, bob, through(sound, 0.3, 0.002))
    assert len(await duplicates.consider(bobs)) == 1
    by = {"speaker": carol.pk, "other": bob.pk, "host": scene.alice.pk}[who]
    (event,) = [json.loads(one) for one in await duplicates.unfold(bobs, by)]
    await scene.meeting.arefresh_from_db()
    assert (event["clip"], event["into"], event["seq"]) == (str(bobs), None, scene.meeting.seq)
    assert await duplicates.consider(bobs) == await duplicates.consider(carols) == []
    assert await duplicates.unfold(bobs, by) == []


async def test_nobody_else_unfolds(scene, bob):
    sound = LONG["zh"].audio
    dave, carol = await pooled(scene.join)("Dave"), await pooled(scene.join)("Carol")
    await line(scene, dave, through(sound))
    bobs = await line(scene, bob, through(sound, 0.3, 0.002))
    await duplicates.consider(bobs)
    with pytest.raises(BadEvent) as refused:
        await duplicates.unfold(bobs, carol.pk)
    assert refused.value.code == "not_your_fold"
    assert await into(bobs)


async def test_two_voices_that_say_the_same_words_at_once_stay_two_lines(scene, bob):
    await line(scene, scene.alice, through(LONG["zh"].audio))
    bobs = await line(scene, bob, through(sentences("zh", exact=True)[1].audio))
    assert await duplicates.consider(bobs) == []


@pytest.mark.parametrize("text", ["好", "Yes.", "大家早安。", "Thank you all.", "はい、そうです"])
async def test_what_two_people_may_well_say_at_once_is_never_folded(scene, bob, text):
    sound = LONG["zh"].audio
    await line(scene, scene.alice, through(sound), text)
    assert await duplicates.consider(await line(scene, bob, through(sound, 0.3, 0.002), text)) == []


async def test_the_same_words_at_another_time_are_another_line(scene, bob):
    sound = LONG["zh"].audio
    await line(scene, scene.alice, through(sound))
    later = await line(scene, bob, through(sound, 0.3, 0.002), after=5 + len(sound) / RATE * 0.7)
    assert await duplicates.consider(later) == []


async def test_a_person_who_says_the_same_again_is_not_folded_into_themselves(scene):
    sound = LONG["zh"].audio
    await line(scene, scene.alice, through(sound))
    assert await duplicates.consider(await line(scene, scene.alice, through(sound, 0.3, 0.002))) == []


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
async def test_three_microphones_make_one_line_whatever_comes_first(scene, bob, order):
    carol = await pooled(scene.join)("Carol")
    sound = LONG["zh"].audio
    ways = [(scene.alice, 1.0, 0.0005), (bob, 0.4, 0.001), (carol, 0.2, 0.001)]
    heard = {}
    for n in order:
        person, gain, noise = ways[n]
        heard[n] = await line(scene, person, through(sound, gain, noise, seed=n))
        await duplicates.consider(heard[n])
    assert [await into(heard[n]) for n in range(3)] == [None, heard[0], heard[0]]


async def test_a_new_revision_that_says_something_else_stands_alone_and_so_does_its_copy(scene, bob):
    alices, bobs = await pair(scene, bob)
    await Clip.objects.filter(pk=alices).aupdate(state=Clip.State.RECEIVED)
    leased, clip = await clips.lease(alices)
    events = await pipeline._settle(leased, clip, speech_client.TranscriptionResult("完全不同的一句話。", "zh", "", ""))
    assert [json.loads(event)["type"] for event in events] == ["caption", "folded"]
    assert (await into(alices), await into(bobs)) == (None, None)


async def test_withdrawing_a_line_takes_the_copy_of_the_voice_along_and_leaves_no_trace_of_that(scene, bob):
    alices, bobs = await pair(scene, bob)
    await withdraw(alices, scene.alice.pk)
    assert not await Caption.objects.aexists()
    assert not list(settings.MEDIA_ROOT.rglob("*.flac"))
    lines = await pooled(record.lines)(scene.meeting)
    assert [one.clip for one in lines] == [alices]
    assert (await Clip.objects.aget(pk=bobs)).state == Clip.State.WITHDRAWN


async def test_withdrawing_a_copy_leaves_what_the_other_said(scene, bob):
    alices, bobs = await pair(scene, bob)
    await withdraw(bobs, bob.pk)
    assert [caption.pk async for caption in Caption.objects.all()] == [alices]


async def test_folding_withdrawing_and_hearing_anew_at_once_hold_nobody_up(scene, bob):
    sound = LONG["zh"].audio
    for _ in range(4):
        alices = await line(scene, scene.alice, through(sound))
        bobs = await line(scene, bob, through(sound, 0.3, 0.002))
        await Clip.objects.filter(pk=bobs).aupdate(state=Clip.State.RECEIVED)
        leased, clip = await clips.lease(bobs)
        await asyncio.gather(
            duplicates.consider(alices),
            duplicates.consider(bobs),
            pipeline._settle(leased, clip, speech_client.TranscriptionResult("我們決定延後合約。", "zh", "", "")),
            withdraw(alices, scene.alice.pk),
            duplicates.unfold(bobs, bob.pk),
        )
        assert not await Caption.objects.filter(pk=alices).aexists()
        await withdraw(bobs, bob.pk)
    assert not await Caption.objects.aexists()


async def test_what_a_crash_left_uncompared_is_compared_by_the_sweep_and_then_no_more(scene, bob):
    sound = LONG["zh"].audio
    both = {await line(scene, scene.alice, through(sound)), await line(scene, bob, through(sound, 0.3, 0.002))}
    assert set(await duplicates.unconsidered()) == both
    for clip in await duplicates.unconsidered():
        await pipeline.fold(clip)
    assert await Caption.objects.filter(folded_into__isnull=False).acount() == 1
    assert await duplicates.unconsidered() == []


async def test_a_recording_that_was_erased_meanwhile_is_like_no_other(scene):
    assert await audio.compare("nowhere.flac", "nowhere-else.flac", 0) is None


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("我們決定延後合約。", "我們决定延後合約", True),
        ("We need sixty-five people.", "we need sixty five people", True),
        ("ウェブサイトは誰が担当しますか?", "ウェブサイトは、誰が担当しますか", True),
        ("The cost is thirty-three thousand dollars.", "Is the microphone working?", False),
        ("我們需要二十三個人。", "有沒有問題?", False),
        ("我們需要二十三個人。", "我們需要二十三個人。另外下週一請大家把預算表準備好帶到會議上來。", False),
        ("。。。", "。。。", False),
    ],
)
def test_lines_are_near_by_their_letters(first, second, same):
    assert text_similarity.near(first, second) == text_similarity.near(second, first) == same
