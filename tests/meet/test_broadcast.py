"""Events to everybody in a room, and to nobody else."""

import asyncio
import uuid

import pytest

from meet import broadcast
from tests import redis_server


class Ears:
    """A socket that is told things."""

    def __init__(self):
        self.id = uuid.uuid4()
        self.heard = asyncio.Queue()

    async def hear(self, event):
        await self.heard.put(event)

    async def next(self):
        return await asyncio.wait_for(self.heard.get(), 30)


@pytest.fixture
async def enter():
    """A socket in a room; out again at the end."""
    inside = []

    async def one(room_id, deliver=None):
        ears = Ears()
        await broadcast.enter(room_id, ears.id, deliver or ears.hear)
        inside.append((room_id, ears.id))
        return ears

    yield one
    for room_id, connection in inside:
        await broadcast.leave(room_id, connection)
    assert not {room_id for room_id, _connection in inside} & set(broadcast.rooms_here())


async def test_everybody_in_the_room_hears_an_event_once_and_nobody_else(enter):
    alice, bob, carol = await enter(1), await enter(1), await enter(2)
    await broadcast.send(1, "one")
    await broadcast.send(2, "two")
    assert (await alice.next(), await bob.next(), await carol.next()) == ("one", "one", "two")
    assert alice.heard.empty()
    assert bob.heard.empty()


async def test_events_come_in_the_order_they_were_sent(enter):
    alice = await enter(1)
    for number in range(50):
        await broadcast.send(1, str(number))
    assert [await alice.next() for _ in range(50)] == [str(number) for number in range(50)]


async def test_a_socket_that_fails_keeps_an_event_from_nobody_else(enter, caplog):
    async def broken(_event):
        raise RuntimeError("gone")

    await enter(1, broken)
    bob = await enter(1)
    await broadcast.send(1, "secret")
    assert await bob.next() == "secret"
    assert "secret" not in caplog.text


async def test_who_left_hears_nothing_more(enter):
    alice, bob = await enter(1), await enter(1)
    await broadcast.leave(1, alice.id)
    await broadcast.send(1, "later")
    await bob.next()
    assert alice.heard.empty()


async def test_a_room_that_was_empty_for_a_moment_is_heard_again(enter):
    alice = await enter(1)
    await asyncio.gather(broadcast.leave(1, alice.id), enter(1))
    await broadcast.send(1, "again")
    assert alice.heard.empty()
    bob = await enter(1)
    await broadcast.send(1, "and again")
    assert "again" in await bob.next()


async def test_a_layer_that_was_away_at_the_first_socket_is_tried_again(enter, settings, tmp_path):
    port = redis_server.free_port()
    layer = {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer"}
    settings.CHANNEL_LAYERS = {"default": {**layer, "CONFIG": {"hosts": [f"redis://127.0.0.1:{port}"]}}}
    broadcast._channel = None
    with pytest.raises(broadcast.UNREACHED):
        await enter(1)
    with redis_server.serving(tmp_path, port):
        alice = await enter(1)
        await broadcast.send(1, "hello")
        assert await alice.next() == "hello"
        await broadcast.leave(1, alice.id)
    broadcast._channel = None
