"""Rooms and the people in them."""

import pytest
from django.contrib.sessions.backends.db import SessionStore

from meet.models import Room
from meet.rooms import rooms


@pytest.mark.parametrize(
    ("name", "readable"),
    [("週會", "週會"), ("Weekly Meeting!", "weekly-meeting"), ("朝の会議", "朝の会議"), ("🎉", "room")],
)
@pytest.mark.django_db
def test_an_address_has_a_readable_part_of_any_script_and_80_random_bits(name, readable):
    room, _secret = rooms.make(name, {})
    part, _, random = room.slug.rpartition("-")
    assert part == readable
    assert len(random) * 5 == 80


@pytest.mark.django_db
def test_renaming_leaves_the_address():
    room, _secret = rooms.make("Before", {})
    slug = room.slug
    Room.objects.filter(pk=room.pk).update(name="After")
    assert rooms.find(slug).name == "After"


@pytest.mark.django_db
def test_an_unknown_address_is_no_room():
    with pytest.raises(rooms.NoSuchRoom):
        rooms.find("weekly-aaaaaaaaaaaaaaaa")


@pytest.mark.django_db
def test_the_maker_is_the_host_and_another_browser_becomes_one_by_the_link():
    makers, others = {}, {}
    room, secret = rooms.make("Weekly", makers)
    assert rooms.join(room, "Alice", makers).is_host
    bob = rooms.join(room, "Bob", others)
    assert not bob.is_host
    assert not rooms.claim_host(room, others, "wrong")
    assert rooms.claim_host(room, others, secret)
    bob.refresh_from_db()
    assert bob.is_host


@pytest.mark.django_db
def test_the_same_browser_stays_the_same_participant():
    session = {}
    room, _secret = rooms.make("Weekly", session)
    assert rooms.join(room, "Alice", session).pk == rooms.join(room, "Alicia", session).pk


@pytest.mark.parametrize(
    ("raw", "shown"),
    [("  Al\n ice ", "Al ice"), ("\u202eecilA", "ecilA"), ("陳\u200b小姐", "陳小姐"), ("<b>x</b>", "<b>x</b>")],
)
def test_a_name_is_one_line_without_tricks(raw, shown):
    assert rooms.clean_name(raw, 40) == shown


@pytest.mark.parametrize("raw", ["", "   ", "\u202e", "\u3164", "\u0301", "\ufe0f", "x" * 41, "x" * 10_000])
def test_a_name_that_cannot_be_shown_is_refused(raw):
    with pytest.raises(rooms.BadName):
        rooms.clean_name(raw, 40)


async def test_a_socket_is_opened_by_who_joined_and_by_nobody_else(cast):
    key = cast.sessions[cast.bob.pk].session_key
    assert await rooms.enter(cast.room.slug, key) == cast.bob
    assert await rooms.enter(cast.room.slug, None) is None
    assert await rooms.enter(cast.room.slug, "nonsense") is None
    assert await rooms.enter("weekly-aaaaaaaaaaaaaaaa", key) is None
    stranger = SessionStore()
    await stranger.asave()
    assert await rooms.enter(cast.room.slug, stranger.session_key) is None
