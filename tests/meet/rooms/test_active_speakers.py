"""Who speaks now, whichever tab and process they speak through, and nobody who vanished."""

import time
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from meet.models import Connection, Voice
from meet.rooms import active_speakers, presence
from meet.rooms.active_speakers import SpeakingIndicators


@pytest.fixture
async def tab(cast):
    """Open a tab of somebody's."""

    async def one(person):
        socket = uuid.uuid4()
        await presence.enter(socket, person.pk)
        return socket, SpeakingIndicators(socket)

    return one


async def speaking(cast):
    return (await active_speakers.now_in([cast.room.pk]))[cast.room.pk]


def now():
    return time.time() * 1000


async def test_who_opened_a_clip_speaks_until_it_ends(cast, tab):
    _socket, alices = await tab(cast.alice)
    clip = uuid.uuid4()
    assert await alices.begin(clip, cast.alice.pk, now())
    assert await speaking(cast) == [str(cast.alice.pk)]
    assert not await alices.end(clip, cast.alice.pk)
    assert await speaking(cast) == []


async def test_after_a_cut_the_next_clip_goes_on(cast, tab):
    _socket, alices = await tab(cast.alice)
    first, second = uuid.uuid4(), uuid.uuid4()
    await alices.begin(first, cast.alice.pk, now())
    await alices.begin(second, cast.alice.pk, now())
    assert await alices.end(first, cast.alice.pk)
    assert not await alices.end(second, cast.alice.pk)


async def test_who_speaks_in_two_tabs_is_silent_when_both_are(cast, tab):
    (first, ones), (_second, others) = await tab(cast.alice), await tab(cast.alice)
    clip = uuid.uuid4()
    await ones.begin(uuid.uuid4(), cast.alice.pk, now())
    await others.begin(clip, cast.alice.pk, now())
    assert await others.end(clip, cast.alice.pk)
    await presence.leave(first)
    assert await ones.close() == {cast.alice.pk: False}
    assert await speaking(cast) == []


async def test_what_is_sent_again_after_a_reconnect_is_spoken_no_more(cast, tab):
    _socket, alices = await tab(cast.alice)
    assert not await alices.begin(uuid.uuid4(), cast.alice.pk, now() - 60_000)
    assert await speaking(cast) == []


async def test_who_never_says_that_they_stopped_is_silent_after_a_clip_s_longest(cast, tab):
    _socket, alices = await tab(cast.alice)
    await alices.begin(uuid.uuid4(), cast.alice.pk, now())
    await Voice.objects.aupdate(until=timezone.now() - timedelta(seconds=1))
    assert await speaking(cast) == []


async def test_whose_process_died_speaks_no_longer_than_they_are_here(cast, tab):
    socket, alices = await tab(cast.alice)
    await alices.begin(uuid.uuid4(), cast.alice.pk, now())
    await Connection.objects.filter(pk=socket).aupdate(seen_at=timezone.now() - presence.ABSENT_AFTER * 2)
    assert await speaking(cast) == []


async def test_a_socket_whose_row_is_gone_speaks_without_an_error(cast, tab):
    socket, alices = await tab(cast.alice)
    await Connection.objects.filter(pk=socket).adelete()
    assert not await alices.begin(uuid.uuid4(), cast.alice.pk, now())
