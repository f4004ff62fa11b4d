"""How often one person may do what costs everybody."""

import uuid

from meet.models import Participant
from meet.socket import connection, rate_limit, uplink
from meet.socket.rate_limit import Rate, RateLimiter
from tests.meet.sockets import clip_start

ALICE, BOB = uuid.UUID(int=1), uuid.UUID(int=2)


def test_so_many_are_had_at_once_and_then_one_after_another():
    some = RateLimiter(Rate(at_once=3, every_s=10.0))
    assert [some.spend(ALICE, 100.0) for _ in range(4)] == [0, 0, 0, 10.0]
    assert some.spend(ALICE, 104.0) == 6.0
    assert [some.spend(ALICE, 110.0) for _ in range(2)] == [0, 10.0]


def test_what_was_refused_costs_nothing():
    some = RateLimiter(Rate(at_once=1, every_s=1.0))
    assert some.spend(ALICE, 0.0) == 0
    assert [some.spend(ALICE, 0.0) for _ in range(100)] == [1.0] * 100
    assert some.spend(ALICE, 1.0) == 0


def test_who_waited_has_all_of_it_again_and_no_more():
    some = RateLimiter(Rate(at_once=2, every_s=1.0))
    assert [some.spend(ALICE, now) for now in (0.0, 0.0, 1000.0, 1000.0, 1000.0)] == [0, 0, 0, 0, 1.0]


def test_nobody_spends_what_is_another_ones():
    some = RateLimiter(Rate(at_once=1, every_s=1.0))
    assert [some.spend(who, 0.0) for who in (ALICE, BOB)] == [0, 0]


def test_who_has_all_of_it_again_is_forgotten(monkeypatch):
    monkeypatch.setattr(rate_limit, "FORGET_ABOVE", 2)
    some = RateLimiter(Rate(at_once=1, every_s=1.0))
    for number in range(50):
        some.spend(uuid.UUID(int=number), float(number))
    assert len(some._whole_at) <= 2


async def test_a_message_too_many_is_refused_with_when_to_try_again_and_nobody_else_is(cast, enter, monkeypatch):
    monkeypatch.setattr(connection, "_messages", RateLimiter(Rate(at_once=3, every_s=60.0)))
    alice, bob = await enter(cast.alice), await enter(cast.bob)
    for number in range(5):
        await alice.say("message", id=str(uuid.uuid4()), text=f"line {number}")
    for _ in range(2):
        refused = await alice.event("error")
        assert (refused["code"], 0 < refused["retry_after"] <= 60) == ("too_many_messages", True)
    await bob.say("message", id=str(uuid.uuid4()), text="my turn")
    heard = [(await bob.event("message"))["text"] for _ in range(4)]
    assert sorted(heard) == ["line 0", "line 1", "line 2", "my turn"]
    await alice.close()
    await bob.close()


async def test_a_name_too_many_is_refused_in_every_tab_of_theirs(cast, enter, monkeypatch):
    monkeypatch.setattr(connection, "_names", RateLimiter(Rate(at_once=1, every_s=60.0)))
    here, there = await enter(cast.alice), await enter(cast.alice)
    await here.say("rename", name="Alicia")
    await here.event("renamed")
    await there.say("rename", name="Ally")
    refused = await there.event("error")
    assert (refused["code"], refused["retry_after"] > 0) == ("too_many_names", True)
    assert (await Participant.objects.aget(pk=cast.alice.pk)).name == "Alicia"
    await here.close()
    await there.close()


async def test_a_clip_too_many_is_refused_for_now_and_one_that_was_begun_is_taken_up_again(cast, enter, monkeypatch):
    monkeypatch.setattr(uplink, "_begun", RateLimiter(Rate(at_once=2, every_s=60.0)))
    alice = await enter(cast.alice)
    begun = [str(uuid.uuid4()) for _ in range(3)]
    for number, clip in enumerate(begun):
        await alice.say("clip_start", **clip_start(clip=clip, number=number))
    assert [(await alice.event("held"))["clip"] for _ in range(2)] == begun[:2]
    refused = await alice.event("error")
    assert (refused["code"], refused["clip"], refused["retry_after"] > 0) == ("too_many_clips", begun[2], True)
    await alice.close()
    again = await enter(cast.alice)
    for clip in begun[:2]:
        await again.say("clip_start", **clip_start(clip=clip))
        assert (await again.event("held"))["clip"] == clip
    await again.close()
