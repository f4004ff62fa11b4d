"""When a meeting begins and ends."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from meet.models import Meeting
from meet.rooms import meetings, presence, rooms
from meet.rooms.meetings import ENDS_AFTER


async def test_a_meeting_begins_with_everybody_who_is_there(cast):
    import uuid

    await presence.enter(uuid.uuid4(), cast.bob.pk)
    meeting = await meetings.pooled(meetings.begin)(cast.room.pk, cast.alice, timezone.now())
    assert {p.name async for p in meeting.participants.all()} == {"Alice", "Bob"}


def test_two_at_once_begin_one_meeting(cast):
    def begin(person):
        try:
            return meetings.begin(cast.room.pk, person, timezone.now()).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        begun = set(pool.map(begin, [cast.alice, cast.bob] * 8))
    assert len(begun) == 1
    assert set(Meeting.objects.get().participants.all()) == {cast.alice, cast.bob}


def test_who_comes_later_takes_part_but_not_in_the_earlier_ones(cast):
    first = meetings.begin(cast.room.pk, cast.alice, timezone.now() - timedelta(hours=2))
    meetings.end.__wrapped__(cast.room.pk)
    second = meetings.begin(cast.room.pk, cast.alice, timezone.now())
    meetings.attend(cast.bob)
    assert list(cast.bob.attended.all()) == [second]
    assert set(cast.alice.attended.all()) == {first, second}


def test_two_meetings_in_one_second_have_a_folder_each(cast):
    now = timezone.now()
    first = meetings.begin(cast.room.pk, cast.alice, now)
    meetings.end.__wrapped__(cast.room.pk)
    second = meetings.begin(cast.room.pk, cast.alice, now)
    assert first.folder != second.folder


async def test_a_deserted_meeting_ends_half_an_hour_after_the_last_person_left(cast):
    now = timezone.now()
    await meetings.pooled(meetings.begin)(cast.room.pk, cast.alice, now)
    assert await meetings.end_deserted(now + ENDS_AFTER - timedelta(seconds=1)) == []
    assert await meetings.end_deserted(now + ENDS_AFTER + timedelta(seconds=1)) == [cast.room.pk]
    assert await meetings.end_deserted(now + ENDS_AFTER + timedelta(seconds=1)) == []


async def test_a_meeting_somebody_is_in_goes_on(cast):
    import uuid

    connection_id = uuid.uuid4()
    await presence.enter(connection_id, cast.alice.pk)
    meeting = await meetings.pooled(meetings.begin)(cast.room.pk, cast.alice, timezone.now())
    long_ago = timezone.now() - ENDS_AFTER * 2
    await Meeting.objects.filter(pk=meeting.pk).aupdate(occupied_at=long_ago)
    await presence.renew([connection_id])
    assert await meetings.end_deserted(timezone.now()) == []


def test_rooms_of_a_browser_are_the_ones_it_made_or_joined(cast):
    assert rooms.of_session(cast.sessions[cast.bob.pk]) == [cast.room]
    assert rooms.of_session({}) == []
