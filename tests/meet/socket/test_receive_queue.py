"""What a socket sent and nobody has looked at yet."""

import asyncio

import pytest

from meet.socket.flood_limit import FloodDetected, cost
from meet.socket.receive_queue import ReceiveQueue


async def test_frames_that_follow_one_another_come_together_and_text_alone():
    inbox = ReceiveQueue(1000)
    for message in ("a", b"1", b"2", "b", "c", b"3"):
        inbox.put(message)
    inbox.close()
    taken = []
    while (message := await inbox.take()) is not None:
        taken.append(message)
    assert taken == ["a", [b"1", b"2"], "b", "c", [b"3"]]


async def test_take_waits_for_something():
    inbox = ReceiveQueue(1000)
    waiting = asyncio.create_task(inbox.take())
    await asyncio.sleep(0)
    assert not waiting.done()
    inbox.put("late")
    assert await waiting == "late"


async def test_a_flood_ends_at_the_limit_and_room_comes_back_as_it_is_worked_off():
    inbox = ReceiveQueue(2 * cost(b"12345"))
    inbox.put(b"12345")
    inbox.put(b"12345")
    await inbox.take()
    inbox.put(b"12345")
    inbox.put(b"12345")
    with pytest.raises(FloodDetected) as flood:
        inbox.put(b"")
    assert flood.value.limit == 2 * cost(b"12345")


async def test_a_flood_of_empty_messages_ends_too():
    inbox = ReceiveQueue(3 * cost(""))
    for _ in range(3):
        inbox.put("")
    with pytest.raises(FloodDetected):
        inbox.put("")


async def test_what_waits_at_the_end_is_still_given_out():
    inbox = ReceiveQueue(1000)
    inbox.put("last")
    inbox.close()
    assert await inbox.take() == "last"
    assert await inbox.take() is None
