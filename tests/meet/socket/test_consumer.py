"""The socket of a room, from the outside."""

import json
import uuid
from pathlib import Path

import pytest
from channels.layers import get_channel_layer
from redis.exceptions import ConnectionError as RedisConnectionError

from meet import broadcast, sweep
from meet.clips import clips
from meet.events import MESSAGE_BYTES
from meet.models import Clip, Message
from meet.rooms import meetings, presence
from meet.socket import connection
from meet.socket.connection import MOST_UNSEEN
from meet.socket.rate_limit import Rate, RateLimiter
from tests.meet.sockets import CLIP, Socket, clip_start, frame


async def test_who_comes_in_is_told_where_things_stand(cast, enter):
    alice = await enter(cast.alice)
    welcome = await alice.event()
    assert (welcome["type"], welcome["you"], welcome["host"]) == ("welcome", str(cast.alice.pk), True)
    assert [(await alice.event())["type"] for _ in range(5)] == [
        "snapshot",
        "engine",
        "room",
        "members",
        "speakers",
    ]
    await alice.close()


async def test_everybody_sees_who_comes_and_goes(cast, enter):
    alice = await enter(cast.alice)
    await alice.event("members")
    bob = await enter(cast.bob)
    both = await alice.event("members")
    assert [m["name"] for m in both["members"]] == ["Alice", "Bob"]
    await bob.close()
    assert [m["name"] for m in (await alice.event("members"))["members"]] == ["Alice"]
    await alice.close()


async def test_two_tabs_of_one_browser_are_one_member(cast, enter):
    first, second = await enter(cast.alice), await enter(cast.alice)
    await second.close()
    assert [m.name for m in await presence.members(cast.room.pk)] == ["Alice"]
    await first.close()
    assert await presence.members(cast.room.pk) == []


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://evil.example", "testserver"),
        ("http://testserver:81", "testserver"),
        ("http://evil.example", "evil.example"),
    ],
)
async def test_a_page_of_another_host_is_turned_away(cast, enter, origin, host):
    socket = await enter(cast.alice, origin=origin, host=host)
    assert (await socket.event())["code"] == "not_joined"
    assert await socket.closed() == 4403


async def test_who_has_not_joined_is_turned_away(cast, enter, settings):
    socket = await Socket(cast.room.slug, "nobody").open()
    assert (await socket.event())["code"] == "not_joined"
    assert await socket.closed() == 4403


async def test_chunks_are_acknowledged_when_on_disk_and_the_clip_when_whole(cast, enter):
    alice = await enter(cast.alice)
    await alice.say("clip_start", **clip_start())
    assert (await alice.event("held"))["ranges"] == []
    await alice.send(frame(0, b"first"))
    assert (await alice.event("chunk_ack"))["numbers"] == [0]
    assert clips.sound(CLIP) == b"first"
    await alice.say("clip_end", clip=str(CLIP), chunks=2, keep_to=900, reason="silence")
    await alice.send(frame(1, b"second"))
    assert (await alice.event("clip_ack"))["clip"] == str(CLIP)
    assert (await Clip.objects.aget()).state == Clip.State.RECEIVED
    await alice.close()


async def test_after_a_reconnect_the_server_says_what_it_holds(cast, enter):
    first = await enter(cast.alice)
    await first.say("clip_start", **clip_start())
    for number in (0, 1, 3):
        await first.send(frame(number))
    while 3 not in (await first.event("chunk_ack"))["numbers"]:
        pass
    await first.close()
    again = await enter(cast.alice)
    await again.say("clip_start", **clip_start())
    assert (await again.event("held"))["ranges"] == [[0, 1], [3, 3]]
    await again.close()


async def test_others_see_who_speaks(cast, enter):
    alice, bob = await enter(cast.alice), await enter(cast.bob)
    await alice.say("clip_start", **clip_start())
    spoke = await bob.event("speaking")
    assert (spoke["participant"], spoke["speaking"]) == (str(cast.alice.pk), True)
    await alice.say("clip_end", clip=str(CLIP), chunks=0, keep_to=None, reason="stop")
    assert not (await bob.event("speaking"))["speaking"]
    await alice.close()
    await bob.close()


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ("no json", "bad_json"),
        ('{"type": "dance"}', "unknown_event"),
        (b"rubbish", "bad_frame"),
        (frame(0, clip=uuid.UUID(int=7)), "unknown_clip"),
        (bytes(MESSAGE_BYTES + 1), "too_large"),
        ('{"type": "end_meeting"}', "not_host"),
        (json.dumps({"type": "message", "id": str(CLIP), "text": " \u202e "}), "empty_message"),
        (
            json.dumps({"type": "clip_end", "clip": str(CLIP), "chunks": 1, "keep_to": None, "reason": "cut"}),
            "unknown_clip",
        ),
    ],
)
async def test_what_is_wrong_is_said_to_the_sender_who_goes_on(cast, enter, what, code):
    bob = await enter(cast.bob)
    await bob.send_as_it_is(what)
    assert (await bob.event("error"))["code"] == code
    await bob.say("ping", sent_at=1)
    assert (await bob.event("pong"))["sent_at"] == 1
    await bob.close()


async def test_a_refused_clip_is_named(cast, enter):
    alice = await enter(cast.alice)
    await alice.say("clip_start", **clip_start(started_at=0))
    refused = await alice.event("clip_refused")
    assert (refused["clip"], refused["code"]) == (str(CLIP), "too_old")
    await alice.close()


async def test_a_flood_closes_the_socket_that_floods(cast, enter):
    alice, bob = await enter(cast.alice), await enter(cast.bob)
    await alice.say("clip_start", **clip_start())
    for number in range(60):
        await alice.send(frame(number, bytes(60_000)))
    assert await alice.closed() == 4413
    await bob.say("ping", sent_at=1)
    await bob.event("pong")
    await bob.close()
    await alice.close()  # what came before the flood is still being written


async def test_chat_is_kept_shown_once_and_shown_to_those_who_come_late(cast, enter):
    alice = await enter(cast.alice)
    line = {"id": str(uuid.uuid4()), "text": "晚上\u202e好\n"}
    await alice.say("message", **line)
    assert (await alice.event("message"))["text"] == "晚上好"
    await alice.say("message", **line)
    await alice.say("ping", sent_at=1)
    await alice.event("pong")
    assert await Message.objects.acount() == 1
    bob = await enter(cast.bob)
    assert [m["text"] for m in (await bob.event("snapshot"))["messages"]] == ["晚上好"]
    await alice.close()
    await bob.close()


async def test_the_host_ends_the_meeting_for_everybody(cast, enter):
    alice, bob = await enter(cast.alice), await enter(cast.bob)
    await bob.say("message", id=str(uuid.uuid4()), text="hello")
    await bob.event("message")
    await alice.say("end_meeting")
    await bob.event("meeting_ended")
    assert await meetings.newest([cast.room.pk]) == {}
    bobs = await enter(cast.bob)
    assert (await bobs.event("snapshot"))["messages"] == []
    for socket in (alice, bob, bobs):
        await socket.close()


async def test_a_browser_that_falls_far_behind_gets_a_snapshot_when_it_is_back(cast, enter, monkeypatch):
    monkeypatch.setattr(
        connection, "_messages", RateLimiter(Rate(at_once=1000, every_s=1.0))
    )  # here one writes for many
    alice, bob = await enter(cast.alice), await enter(cast.bob)
    await bob.event("snapshot")
    await bob.say("seen", seq=0)
    await bob.say("ping", sent_at=1)
    await bob.event("pong")  # it is counted from here on
    for n in range(MOST_UNSEEN + 2):
        await alice.say("message", id=str(uuid.uuid4()), text=str(n))
    while (await alice.event("message"))["text"] != str(MOST_UNSEEN + 1):
        pass
    await bob.say("seen", seq=1)
    got = []
    while (event := await bob.event("message", "snapshot"))["type"] == "message":
        got.append(event)
    assert len(got) == MOST_UNSEEN
    assert event["seq"] == MOST_UNSEEN + 2
    await alice.close()
    await bob.close()


async def test_a_door_that_fails_half_way_leaves_nobody_inside(cast, enter, monkeypatch):
    async def broken(*_args):
        raise OSError("no")

    with monkeypatch.context() as patch:
        patch.setattr(connection, "arrive", broken)
        socket = await enter(cast.alice)
        with pytest.raises(OSError, match="no"):
            await socket.ended()
    assert cast.room.pk not in broadcast.rooms_here()


async def test_a_disk_that_refuses_is_said_and_the_socket_closed_for_another_try(cast, enter, monkeypatch):
    alice = await enter(cast.alice)
    await alice.say("clip_start", **clip_start())
    await alice.event("held")
    monkeypatch.setattr(clips, "folder", lambda _clip: Path("/proc/nowhere"))
    await alice.send(frame(0))
    assert (await alice.event("error"))["code"] == "storage"
    assert await alice.closed() == 4500
    await alice.close()


async def test_the_tick_tells_the_newest_seq(cast, enter):
    alice = await enter(cast.alice)
    await alice.say("message", id=str(uuid.uuid4()), text="hello")
    await alice.event("message")
    await sweep.look_around()
    assert (await alice.event("tick"))["seq"] == 1
    await alice.close()


async def test_who_goes_while_the_channel_layer_is_away_is_gone(cast, enter, monkeypatch):
    async def away(_group, _channel):
        raise RedisConnectionError

    alice = await enter(cast.alice)
    await alice.event("speakers")
    monkeypatch.setattr(get_channel_layer(), "group_discard", away)
    await alice.close()
    assert await presence.members(cast.room.pk) == []
