"""Flood limits over time: a browser never reaches them, a flood always does, whoever is faster."""

import json
import uuid

import pytest

from meet.events import HEADER, IN_FLIGHT_BYTES, MESSAGE_BYTES
from meet.socket import flood_limit
from meet.socket.flood_limit import FloodDetected, cost
from meet.socket.rate_limit import Rate, RateLimiter
from tests.meet.sockets import CLIP, clip_start, frame

ALICE, BOB = uuid.UUID(int=1), uuid.UUID(int=2)
JOURNAL_BYTES = 64 * 1024 * 1024  # journal.js: what one page keeps at most
OPUS_CHUNK = HEADER.size + 1000  # 250 ms at 32 kbit/s
UNCOMPRESSED_CHUNK = HEADER.size + 48_000  # 250 ms of 48 kHz, stereo, 16 bit
HOUR = 3600.0


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """Nobody has sent anything yet."""
    monkeypatch.setattr(flood_limit, "_received", RateLimiter(flood_limit.RECEIVED))
    monkeypatch.setattr(flood_limit, "_useless", RateLimiter(flood_limit.USELESS))


def small(monkeypatch, *, received=10**9, useless=10**9):
    """Limits that a test reaches, and that time does not give back while it runs."""
    monkeypatch.setattr(flood_limit, "_received", RateLimiter(Rate(received, HOUR)))
    monkeypatch.setattr(flood_limit, "_useless", RateLimiter(Rate(useless, HOUR)))


def test_a_full_journal_replayed_at_once_is_no_flood():
    chunk = OPUS_CHUNK + flood_limit.MESSAGE_COST
    for _ in range(JOURNAL_BYTES // (OPUS_CHUNK - HEADER.size)):
        flood_limit.count_received(ALICE, chunk, 0.0)


def test_three_full_journals_in_small_chunks_are_no_flood():
    """A page takes over what pages before it left; speech with many pauses comes in chunks of a few hundred bytes."""
    for _ in range(3 * JOURNAL_BYTES // 500):
        flood_limit.count_received(ALICE, HEADER.size + 500 + flood_limit.MESSAGE_COST, 0.0)


def test_a_day_of_uncompressed_sound_from_two_recorders_is_no_flood():
    for chunk in range(24 * 3600 * 4):
        flood_limit.count_received(ALICE, 2 * (UNCOMPRESSED_CHUNK + flood_limit.MESSAGE_COST), chunk / 4)


def test_a_replay_that_is_cut_off_every_few_seconds_for_an_hour_is_no_flood():
    """What was in flight is sent again each time; the browser waits 2.5 s and more between attempts."""
    for attempt in range(1440):
        flood_limit.count_received(ALICE, 2 * IN_FLIGHT_BYTES, attempt * 2.5)


def test_clips_that_are_all_refused_are_no_flood_at_the_pace_of_speech():
    """A computer whose clock is days ahead: the server refuses each clip while its first chunks are on their way."""
    for chunk in range(4 * 3600 * 4):
        flood_limit.count_useless(ALICE, 2 * (OPUS_CHUNK + flood_limit.MESSAGE_COST), chunk / 4)


def test_all_that_is_in_flight_for_a_refused_clip_is_no_flood_twice_in_a_row():
    for _ in range(2 * IN_FLIGHT_BYTES // OPUS_CHUNK):
        flood_limit.count_useless(ALICE, OPUS_CHUNK + flood_limit.MESSAGE_COST, 0.0)


def sent_until_flood(count, size, bytes_a_second, at_most):
    """Messages of a size at a speed: the bytes that went through before it was a flood."""
    for sent in range(0, at_most, size):
        try:
            count(ALICE, size, sent / bytes_a_second)
        except FloodDetected:
            return sent
    raise AssertionError(f"{at_most} bytes at {bytes_a_second:g} a second were no flood")


@pytest.mark.parametrize("bytes_a_second", [200e3, 1e6, 10e6, 10e9])
def test_useless_frames_are_a_flood_at_any_speed(bytes_a_second):
    sent = sent_until_flood(flood_limit.count_useless, 60_000, bytes_a_second, 10 * flood_limit.USELESS_AT_ONCE)
    assert sent > flood_limit.USELESS_AT_ONCE - 60_000


@pytest.mark.parametrize("bytes_a_second", [2e6, 100e6, 10e9])
def test_audio_of_open_clips_is_a_flood_at_any_speed_once_no_browser_can_have_so_much(bytes_a_second):
    sent = sent_until_flood(flood_limit.count_received, 60_000, bytes_a_second, 4 * flood_limit.RECEIVED_AT_ONCE)
    assert sent > flood_limit.RECEIVED_AT_ONCE - 60_000


def test_empty_messages_are_a_flood_too():
    assert sent_until_flood(flood_limit.count_useless, cost(""), 10e6, 2 * flood_limit.USELESS_AT_ONCE)


def test_a_flood_of_one_participant_leaves_the_others_all_of_theirs():
    with pytest.raises(FloodDetected):
        flood_limit.count_useless(ALICE, flood_limit.USELESS_AT_ONCE + 1, 0.0)
    flood_limit.count_useless(ALICE, flood_limit.USELESS_AT_ONCE, 0.0)
    flood_limit.count_useless(BOB, flood_limit.USELESS_AT_ONCE, 0.0)


def test_who_flooded_may_send_again_after_a_while():
    flood_limit.count_useless(ALICE, flood_limit.USELESS_AT_ONCE, 0.0)
    with pytest.raises(FloodDetected):
        flood_limit.count_useless(ALICE, IN_FLIGHT_BYTES, 1.0)
    flood_limit.count_useless(ALICE, IN_FLIGHT_BYTES, 5.0)


async def opened(enter, person):
    """A socket of theirs with an open clip."""
    socket = await enter(person)
    await socket.say("clip_start", **clip_start())
    await socket.event("held")
    return socket


async def acknowledged(socket, number, data=b"opus"):
    """Send a chunk, one in flight: the queue never has two."""
    await socket.send(frame(number, data))
    assert (await socket.event("chunk_ack"))["numbers"] == [number]


UNREADABLE = {
    "a clip that is not open": frame(0, bytes(5000), clip=uuid.UUID(int=7)),
    "no header": b"x" * 10,
    "empty frame": b"",
    "too large": bytes(MESSAGE_BYTES + 1),
    "no JSON": "<html>",
    "empty text": "",
    "unknown event": json.dumps({"type": "dance"}),
}


@pytest.mark.parametrize("what", UNREADABLE.values(), ids=UNREADABLE)
async def test_a_message_of_no_use_counts_and_the_one_too_many_closes_the_socket(cast, enter, monkeypatch, what):
    small(monkeypatch, useless=3 * cost(what) + 1)
    alice = await enter(cast.alice)
    for _ in range(3):
        await alice.send_as_it_is(what)
        assert (await alice.event("error"))["code"] != "too_much"
    await alice.send_as_it_is(what)
    while (refused := await alice.event("error"))["code"] != "too_much":
        pass
    assert refused["limit"] == flood_limit.USELESS_AT_ONCE
    assert await alice.closed() == 4413
    await alice.close()


async def test_chunks_that_are_on_disk_already_count_as_useless(cast, enter, monkeypatch):
    small(monkeypatch, useless=2 * cost(frame(0, bytes(1000))) + 1)
    alice = await opened(enter, cast.alice)
    for _ in range(3):
        await acknowledged(alice, 0, bytes(1000))
    await alice.send(frame(0, bytes(1000)))
    assert await alice.closed() == 4413
    await alice.close()


async def test_what_is_good_in_a_flood_is_kept_and_acknowledged(cast, enter, monkeypatch):
    small(monkeypatch, useless=1)
    alice = await opened(enter, cast.alice)
    await alice.send(frame(0))
    await alice.send(b"rubbish")
    assert (await alice.event("chunk_ack"))["numbers"] == [0]
    assert await alice.closed() == 4413
    await alice.close()


async def test_audio_of_an_open_clip_closes_the_socket_where_it_is_more_than_any_browser_has(cast, enter, monkeypatch):
    alice = await opened(enter, cast.alice)
    small(monkeypatch, received=3 * cost(frame(0, bytes(1000))) + 1, useless=1)
    for number in range(3):
        await acknowledged(alice, number, bytes(1000))
    await alice.send(frame(3, bytes(1000)))
    assert (await alice.event("error"))["limit"] == flood_limit.RECEIVED_AT_ONCE
    assert await alice.closed() == 4413
    await alice.close()


async def test_a_closed_flood_is_answered_once_however_much_of_it_still_comes(cast, enter, monkeypatch):
    small(monkeypatch, useless=cost(b"rubbish") + 1)
    alice, bob = await enter(cast.alice), await enter(cast.bob)
    for _ in range(50):
        await alice.send(b"rubbish")
    assert await alice.closed() == 4413
    for _ in range(50):
        await alice.send(b"rubbish")
    await bob.say("ping", sent_at=1)
    await bob.event("pong")
    assert await alice.stays_silent()
    await alice.close()
    await bob.close()


async def test_who_comes_back_after_a_flood_is_let_in_and_heard(cast, enter, monkeypatch):
    small(monkeypatch, useless=1)
    alice = await enter(cast.alice)
    await alice.send(b"rubbish")
    assert await alice.closed() == 4413
    await alice.close()
    again = await opened(enter, cast.alice)
    await acknowledged(again, 0)
    await again.close()


async def test_a_flood_in_which_one_frame_at_a_time_is_in_flight_ends_as_well(cast, enter):
    """The server is always done before the next frame comes: its queue is empty throughout."""
    alice = await enter(cast.alice)
    sent = 0
    while sent < 4 * flood_limit.USELESS_AT_ONCE:
        await alice.send(frame(0, bytes(60_000), clip=uuid.UUID(int=7)))
        sent += 60_000
        if (await alice.event("error"))["code"] == "too_much":
            break
    assert await alice.closed() == 4413
    await alice.close()


async def test_a_clip_of_every_size_that_fits_in_flight_is_taken(cast, enter, monkeypatch):
    """Nothing of what a browser sends once counts as useless, in order or not."""
    small(monkeypatch, useless=1)
    alice = await opened(enter, cast.alice)
    numbers = [3, 0, 2, 1]
    for number in numbers:
        await acknowledged(alice, number, bytes(60_000))
    await alice.say("clip_end", clip=str(CLIP), chunks=4, keep_to=None, reason="stop")
    await alice.event("clip_ack")
    await alice.close()
