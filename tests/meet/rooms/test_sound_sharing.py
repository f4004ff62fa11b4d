"""The sound that somebody shares: a speaker of its own."""

import time
import uuid

import pytest

from meet.clips import clips
from meet.events import ClipStart
from meet.models import Participant
from meet.rooms import presence, rooms, sound_sharing


@pytest.fixture
async def here(cast):
    """Alice's open socket."""
    connection = uuid.uuid4()
    await presence.enter(connection, cast.alice.pk)
    return connection


def start(speaker=None, number=0):
    return ClipStart(uuid.uuid4(), number, time.time() * 1000, 0, "audio/webm", "", speaker)


async def test_shared_sound_speaks_under_a_name_of_its_own_in_its_owners_language(cast, here):
    english = await sound_sharing.begin(here, cast.alice.pk, "en")
    assert (await Participant.objects.aget(pk=english)).name == "Alice's shared sound"
    await sound_sharing.begin(here, cast.alice.pk, "zh-Hant")
    assert (await Participant.objects.aget(pk=english)).name == "Alice 分享的聲音"


async def test_who_reads_a_language_that_is_not_ours_shares_under_the_english_name(cast, here):
    sound = await sound_sharing.begin(here, cast.alice.pk, "tlh")
    assert (await Participant.objects.aget(pk=sound)).name == "Alice's shared sound"


async def test_a_long_name_is_shortened_and_what_it_is_stays(cast, here):
    await Participant.objects.filter(pk=cast.alice.pk).aupdate(name="A" * rooms.NAME_LENGTH)
    sound = await Participant.objects.aget(pk=await sound_sharing.begin(here, cast.alice.pk, "en"))
    assert len(sound.name) == rooms.NAME_LENGTH
    assert sound.name.endswith("…'s shared sound")


async def test_sharing_again_is_the_same_speaker_so_that_numbers_go_on(cast, here):
    first = await sound_sharing.begin(here, cast.alice.pk, "en")
    await clips.open_clip(start(first, number=4), cast.alice.pk)
    await sound_sharing.end(here)
    assert await sound_sharing.begin(here, cast.alice.pk, "en") == first
    assert await clips.next_number(first) == 5
    assert await clips.next_number(cast.alice.pk) == 0


async def test_shared_sound_is_here_while_it_is_shared_and_belongs_to_its_owner(cast, here):
    sound = await sound_sharing.begin(here, cast.alice.pk, "en")
    alice, shared = await presence.members(cast.room.pk)
    assert (alice.id, alice.shared_by) == (str(cast.alice.pk), None)
    assert (shared.id, shared.shared_by, shared.host) == (str(sound), str(cast.alice.pk), False)
    await sound_sharing.end(here)
    assert [member.name for member in await presence.members(cast.room.pk)] == ["Alice"]


async def test_shared_sound_is_gone_with_the_socket_that_shared_it(cast, here):
    await presence.enter(uuid.uuid4(), cast.alice.pk)
    await sound_sharing.begin(here, cast.alice.pk, "en")
    await presence.leave(here)
    assert [member.name for member in await presence.members(cast.room.pk)] == ["Alice"]


async def test_a_clip_of_shared_sound_is_numbered_and_kept_as_its_own_speakers(cast, here):
    sound = await sound_sharing.begin(here, cast.alice.pk, "en")
    event = start(sound)
    await clips.open_clip(event, cast.alice.pk)
    await clips.open_clip(start(), cast.alice.pk)
    clip = await clips.find(event.clip)
    assert (clip.participant_id, clip.number) == (sound, 0)


@pytest.mark.parametrize("speaker", ["bob", "nobody", "the sound that Bob shares"])
async def test_nobody_speaks_for_somebody_else(cast, here, speaker):
    theirs = await sound_sharing.begin(here, cast.bob.pk, "en")
    who = {"bob": cast.bob.pk, "nobody": uuid.uuid4(), "the sound that Bob shares": theirs}[speaker]
    with pytest.raises(clips.ClipRefused) as refused:
        await clips.open_clip(start(who), cast.alice.pk)
    assert refused.value.code == "not_yours"


async def test_shared_sound_sends_nothing_by_itself(cast, here):
    sound = await sound_sharing.begin(here, cast.alice.pk, "en")
    with pytest.raises(clips.ClipRefused):
        await clips.open_clip(start(cast.alice.pk), sound)


async def test_who_speaks_in_shared_sound_is_shown_as_speaking_and_its_owner_is_not(cast, enter):
    alice, bob = await enter(cast.alice), await enter(cast.bob)
    await alice.say("share_start", language="en")
    shared = await alice.event("sharing")
    assert shared["next_number"] == 0
    await alice.say("clip_start", **as_event(start(uuid.UUID(shared["participant"]))))
    speaking = await bob.event("speaking")
    assert (speaking["participant"], speaking["speaking"]) == (shared["participant"], True)
    await alice.close()
    speaking = await bob.event("speaking")
    assert (speaking["participant"], speaking["speaking"]) == (shared["participant"], False)
    await bob.close()


async def test_the_room_sees_shared_sound_come_and_go(cast, enter):
    alice = await enter(cast.alice)
    await alice.event("members")
    await alice.say("share_start", language="en")
    assert len(await listed(alice, "Alice's shared sound")) == 2
    await alice.say("share_stop")
    while len((await alice.event("members"))["members"]) != 1:
        pass
    await alice.close()


def as_event(clip):
    fields = ("number", "started_at", "keep_from", "mime", "language")
    return {"clip": str(clip.clip), "speaker": str(clip.speaker), **{name: getattr(clip, name) for name in fields}}


async def listed(socket, name):
    """The members, once somebody of this name is among them."""
    while True:
        members = (await socket.event("members"))["members"]
        if any(member["name"] == name for member in members):
            return members
