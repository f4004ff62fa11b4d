"""The gate before the translators."""

import asyncio

import pytest

from meet.translation.priority_semaphore import PrioritySemaphore


async def through(gate: PrioritySemaphore, name: str, came: list[str], *, live: bool = False) -> None:
    async with gate.enter(live=live):
        came.append(name)
        await asyncio.sleep(0)


async def test_those_who_wait_come_in_order_and_the_live_ones_first():
    gate, came = PrioritySemaphore(1), []
    names = ["first", "old 1", "old 2", "live 1", "live 2"]
    await asyncio.gather(*(through(gate, name, came, live=name.startswith("live")) for name in names))
    assert came == ["first", "live 1", "live 2", "old 1", "old 2"]


async def test_no_more_than_there_are_places_are_inside():
    gate, inside, most = PrioritySemaphore(3), 0, 0

    async def stay() -> None:
        nonlocal inside, most
        async with gate.enter(live=False):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.01)
            inside -= 1

    await asyncio.gather(*(stay() for _ in range(10)))
    assert (most, inside) == (3, 0)


@pytest.mark.parametrize("at_its_turn", [False, True])
async def test_who_gives_up_waiting_takes_no_place_along(at_its_turn):
    gate, came = PrioritySemaphore(1), []
    async with gate.enter(live=False):
        waiting = asyncio.ensure_future(through(gate, "gave up", came))
        await asyncio.sleep(0)
        if not at_its_turn:
            waiting.cancel()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    async with asyncio.timeout(30):
        await through(gate, "next", came)
    assert came == ["next"]
