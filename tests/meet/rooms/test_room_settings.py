"""What the host decides about a room, and where it shows."""

import pytest
from django.utils import timezone

from meet.events import BadEvent, SetRoom
from meet.languages import heard_as
from meet.models import Connection, Room
from meet.rooms import lobby, room_settings

change = room_settings.change.__wrapped__


@pytest.fixture
def room(cast):
    return cast.room


def wanted(name="週會", listed=False, languages=()):
    return SetRoom(name, listed, tuple(languages))


def test_a_renamed_room_keeps_its_address(cast, room):
    change(cast.alice.pk, wanted("月會 <b>"))
    now = Room.objects.get()
    assert (now.name, now.slug) == ("月會 <b>", room.slug)


def test_only_a_host_decides(cast, room):
    with pytest.raises(BadEvent) as refused:
        change(cast.bob.pk, wanted())
    assert refused.value.code == "not_host"
    assert Room.objects.get().name == room.name


@pytest.mark.parametrize(
    ("what", "code"),
    [
        (wanted(" \u202e "), "bad_room_name"),
        (wanted("x" * 81), "bad_room_name"),
        (wanted(languages=["zh", "tlh"]), "bad_field"),
        (wanted(languages=[""]), "bad_field"),
    ],
)
def test_what_cannot_hold_is_refused_and_nothing_changes(cast, room, what, code):
    with pytest.raises(BadEvent) as refused:
        change(cast.alice.pk, what)
    assert refused.value.code == code
    assert Room.objects.get().name == room.name


def test_a_name_is_one_line_without_tricks(cast):
    assert '"name":"a b"' in change(cast.alice.pk, wanted("a\n\u202eb"))


def test_languages_are_kept_once_and_in_one_order(cast):
    change(cast.alice.pk, wanted(languages=["ja", "zh", "ja"]))
    assert Room.objects.get().languages == ["zh", "ja"]


@pytest.mark.parametrize(
    ("chosen", "allowed", "heard"),
    [
        ("zh", [], "zh"),
        ("zh", ["zh", "ja"], "zh"),
        ("zh", ["en", "ja"], ""),
        ("", ["en"], ""),
        ("tlh", [], ""),
    ],
)
def test_a_language_that_is_not_allowed_is_found_out_instead(chosen, allowed, heard):
    assert heard_as(chosen, allowed) == heard


def test_the_lobby_lists_what_hosts_list_with_how_many_are_there(cast, room):
    now = timezone.now()
    assert lobby.listed(now) == []
    change(cast.alice.pk, wanted(listed=True))
    for who in (cast.alice, cast.alice, cast.bob):  # two tabs are one person
        Connection.objects.create(participant=who, process="x", seen_at=now)
    assert lobby.listed(now) == [lobby.Listed("週會", room.slug, 2)]
    cast.bob.left_at = now
    cast.bob.save()
    assert [one.here for one in lobby.listed(now)] == [1]


def test_an_empty_room_is_listed_too(cast):
    change(cast.alice.pk, wanted(listed=True))
    assert [one.here for one in lobby.listed(timezone.now())] == [0]
