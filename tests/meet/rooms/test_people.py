"""People and what holds among them, over the socket: everybody sees it live, and whoever comes later too."""

import time
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from meet.models import Clip, Connection, Meeting, Participant, Room
from meet.rooms import member_list, presence, rooms
from meet.socket import consumer
from tests.meet.sockets import CLIP, clip_start

NEW = {"name": "月會", "listed": True, "languages": ["ja", "en"]}


async def names(socket):
    return [member["name"] for member in (await socket.event("members"))["members"]]


async def test_everybody_sees_at_once_what_the_host_decides_and_later_comers_too(cast, enter):
    alice, bob = await enter(cast.alice), await enter(cast.bob)
    assert (await bob.event("room"))["languages"] == []
    await alice.say("set_room", **NEW)
    decided = {"type": "room", "name": "月會", "listed": True, "languages": ["en", "ja"]}
    assert await bob.event("room") == decided
    late = await enter(cast.bob)
    assert await late.event("room") == decided
    for socket in (alice, bob, late):
        await socket.close()


async def test_who_comes_later_sees_those_the_others_see_and_themselves_once_in_their_place(cast, enter):
    alice = await enter(cast.alice)
    assert await names(alice) == ["Alice"]
    assert await names(alice) == ["Alice"]  # now it is what the others know
    bob = await enter(cast.bob)
    for socket in (bob, alice, bob):
        assert await names(socket) == ["Alice", "Bob"]
    again = await enter(cast.alice)  # in another tab: nobody is told, for nothing has changed
    assert await names(again) == ["Alice", "Bob"]
    for socket in (alice, bob, again):
        await socket.close()


async def test_what_a_line_lost_of_the_host_s_decision_is_told_again(cast, enter):
    bob = await enter(cast.bob)
    assert (await bob.event("room"))["name"] == cast.room.name
    await Room.objects.aupdate(name="Renamed elsewhere")
    await member_list.look_around()
    while (await bob.event("room"))["name"] != "Renamed elsewhere":
        pass
    await bob.close()


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        (NEW, "not_host"),
        ({**NEW, "listed": 1}, "bad_field"),
        ({**NEW, "languages": "ja"}, "bad_field"),
        ({**NEW, "languages": ["x" * 21]}, "bad_field"),
        ({**NEW, "name": None}, "bad_field"),
    ],
)
async def test_a_guest_or_a_crooked_event_decides_nothing(cast, enter, fields, code):
    bob = await enter(cast.bob)
    await bob.say("set_room", **fields)
    assert (await bob.event("error"))["code"] == code
    assert (await Room.objects.aget()).name == cast.room.name
    await bob.close()


async def test_a_language_that_the_room_does_not_allow_costs_nobody_their_words(cast, enter):
    await Room.objects.aupdate(languages=["en", "ja"])
    alice = await enter(cast.alice)
    await alice.say("clip_start", **clip_start(language="zh"))
    await alice.event("held")
    assert (await Clip.objects.aget()).language == ""
    other = str(uuid.uuid4())
    await alice.say("clip_start", **clip_start(clip=other, number=1, language="ja"))
    await alice.event("held")
    assert (await Clip.objects.aget(pk=other)).language == "ja"
    await alice.close()


async def test_a_new_name_is_seen_by_everybody_and_counts_as_an_event_of_the_meeting(cast, enter):
    alice, bob = await enter(cast.alice), await enter(cast.bob)
    await alice.say("clip_start", **clip_start())
    await alice.event("held")
    before = (await Meeting.objects.aget()).seq
    await alice.say("rename", name="  Ali\n cia\u202e ")
    renamed = await bob.event("renamed")
    assert (renamed["participant"], renamed["name"], renamed["seq"]) == (str(cast.alice.pk), "Ali cia", before + 1)
    while await names(bob) != ["Ali cia", "Bob"]:
        pass
    await alice.close()
    await bob.close()


@pytest.mark.parametrize(("name", "code"), [("", "bad_name"), ("x" * 41, "bad_name"), ("x" * 10_000, "bad_field")])
async def test_a_name_that_cannot_be_shown_is_refused_to_who_asked(cast, enter, name, code):
    bob = await enter(cast.bob)
    await bob.say("rename", name=name)
    assert (await bob.event("error"))["code"] == code
    assert (await Participant.objects.aget(pk=cast.bob.pk)).name == "Bob"
    await bob.close()


async def test_who_takes_a_name_that_is_taken_is_told_which_one_they_have(cast, enter):
    alice, bob = await enter(cast.alice), await enter(cast.bob)
    await bob.say("rename", name="alice")
    assert (await alice.event("renamed"))["name"] == "alice (2)"
    await bob.say("rename", name="alice")  # once more: an answer, and the same name
    assert (await alice.event("renamed"))["name"] == "alice (2)"
    await alice.close()
    await bob.close()


async def test_two_of_one_name_who_come_in_are_told_apart_for_everybody(cast, enter):
    await Participant.objects.filter(pk=cast.bob.pk).aupdate(name="Alice")
    alice = await enter(cast.alice)
    await alice.event("welcome")  # her name is settled; of two who come at the same moment either may get the number
    bob = await enter(cast.bob)
    assert (await alice.event("renamed"))["participant"] == str(cast.bob.pk)
    while await names(alice) != ["Alice", "Alice (2)"]:
        pass
    await alice.close()
    await bob.close()


async def test_who_leaves_is_gone_in_all_tabs_and_enters_again_only_by_joining(cast, enter, monkeypatch):
    monkeypatch.setattr(consumer, "GRACE_SECONDS", 0.05)
    alice, bob, other = await enter(cast.alice), await enter(cast.bob), await enter(cast.bob)
    await bob.say("leave")
    assert (await alice.event("left"))["participant"] == str(cast.bob.pk)
    assert [member.name for member in await presence.members(cast.room.pk)] == ["Alice"]
    assert await other.closed() == await bob.closed() == 4403
    again = await enter(cast.bob)
    assert (await again.event())["code"] == "not_joined"
    session = cast.sessions[cast.bob.pk]
    assert await rooms.enter(cast.room.slug, session.session_key) is None
    await _join(cast, session)
    back = await enter(cast.bob)
    assert (await back.event("welcome"))["you"] == str(cast.bob.pk)
    await alice.close()
    await back.close()


async def _join(cast, session):
    from asgiref.sync import sync_to_async

    await sync_to_async(rooms.join)(cast.room, "Bob", session)


async def test_what_somebody_said_before_leaving_is_taken(cast, enter):
    bob = await enter(cast.bob)
    await bob.say("clip_start", **clip_start())
    await bob.say("clip_end", clip=str(CLIP), chunks=0, keep_to=None, reason="stop")
    await bob.say("leave")
    await bob.event("clip_ack")
    await bob.event("left")
    assert (await Clip.objects.aget()).state == Clip.State.RECEIVED
    await bob.close()


async def test_who_comes_late_sees_who_speaks(cast, enter):
    alice = await enter(cast.alice)
    await alice.say("clip_start", **clip_start())
    await alice.event("speaking")
    bob = await enter(cast.bob)
    assert (await bob.event("speakers"))["participants"] == [str(cast.alice.pk)]
    await alice.close()
    assert await bob.event("speaking") == {"type": "speaking", "participant": str(cast.alice.pk), "speaking": False}
    await bob.close()


async def test_a_tab_that_closes_does_not_silence_who_speaks_in_another(cast, enter):
    speaking, idle, bob = await enter(cast.alice), await enter(cast.alice), await enter(cast.bob)
    await speaking.say("clip_start", **clip_start())
    await bob.event("speaking")
    await idle.close()
    await member_list.look_around()
    while (await bob.event("speakers"))["participants"] != [str(cast.alice.pk)]:
        pass
    await speaking.close()
    assert not (await bob.event("speaking"))["speaking"]
    await bob.close()


async def test_who_spoke_on_a_process_that_died_is_neither_here_nor_speaking(cast, enter):
    alice, bob = await enter(cast.alice), await enter(cast.bob)
    await alice.say("clip_start", **clip_start())
    await bob.event("speaking")
    dead = Connection.objects.filter(participant=cast.alice)
    await dead.aupdate(process="dead", seen_at=timezone.now() - presence.ABSENT_AFTER - timedelta(seconds=1))
    await member_list.look_around()
    while (await bob.event("speakers"))["participants"]:
        pass
    assert [member.name for member in await presence.members(cast.room.pk)] == ["Bob"]
    await alice.close()
    await bob.close()


async def test_a_clip_sent_again_after_a_reconnect_shows_nobody_speaking(cast, enter):
    alice, bob = await enter(cast.alice), await enter(cast.bob)
    await alice.say("clip_start", **clip_start(started_at=(time.time() - 120) * 1000))
    assert not (await bob.event("speaking"))["speaking"]
    await alice.close()
    await bob.close()


async def test_rows_forgotten_while_the_database_was_away_are_put_back(cast, enter):
    alice = await enter(cast.alice)
    await alice.event("members")
    socket = (await Connection.objects.aget()).pk
    await Connection.objects.all().adelete()
    await presence.renew([socket])
    assert [member.name for member in await presence.members(cast.room.pk)] == ["Alice"]
    await alice.close()
    await presence.renew([socket])  # a renewal that began before the socket closed
    assert await presence.members(cast.room.pk) == []
