"""What people go by: nobody like another in their meeting, and the same in the record and the files."""

from datetime import UTC, datetime

import pytest
from django.utils import timezone

from meet.models import Connection, Meeting, Participant
from meet.orm_pool import pooled
from meet.record import record, transcript_files
from meet.rooms import meetings, names, presence, rooms
from tests.meet.scene import make_scene


@pytest.mark.parametrize(
    ("wanted", "taken", "given"),
    [
        ("Alice", set(), "Alice"),
        ("Alice", {"alice"}, "Alice (2)"),
        ("ALICE", {"alice", "alice (2)"}, "ALICE (3)"),
        ("Ａlice", {"alice"}, "Ａlice (2)"),  # a wide letter, as Chinese keyboards write it
        ("Alice (2)", {"alice (2)"}, "Alice (3)"),
        ("陳小美", {"陳小美"}, "陳小美 (2)"),
    ],
)
def test_a_name_that_is_taken_is_numbered(wanted, taken, given):
    assert names.apart(wanted, taken) == given


def test_somebody_who_comes_into_a_meeting_is_told_apart_from_those_in_it(transactional_db):
    scene = make_scene()
    assert scene.join("alice").name == "alice (2)"
    assert scene.join("Alice").name == "Alice (3)"
    assert names.settle(scene.alice) is None


def test_equal_names_of_different_meetings_stay_as_they_are(transactional_db):
    scene = make_scene()
    Meeting.objects.filter(pk=scene.meeting.pk).update(ended_at=timezone.now())
    later = scene.join("Alice", attending=False)
    meetings.begin(scene.room.pk, later, timezone.now())
    assert names.settle(later) is None
    # back in one meeting, the one who comes is told apart, in the earlier record too
    assert meetings.open_in(scene.room.pk).participants.filter(pk=scene.alice.pk).count() == 0
    meetings.attend(scene.alice)
    assert names.settle(scene.alice).name == "Alice (2)"


async def test_two_who_come_at_once_are_told_apart_once(cast):
    await Participant.objects.filter(pk=cast.bob.pk).aupdate(name="Alice")
    for who in (cast.alice, cast.bob):
        await Connection.objects.acreate(participant=who, process="x", seen_at=timezone.now())
    await cast.bob.arefresh_from_db()
    settled = [await pooled(names.settle)(who) for who in (cast.alice, cast.bob)]
    assert [one.name for one in settled if one] == ["Alice (2)"]
    assert sorted([m.name for m in await presence.members(cast.room.pk)]) == ["Alice", "Alice (2)"]


def test_who_is_renamed_while_they_come_in_keeps_the_new_name(transactional_db):
    scene = make_scene()
    twin = scene.join("Al")
    Participant.objects.filter(pk=twin.pk).update(name="Alice")
    coming = Participant.objects.get(pk=twin.pk)
    names.rename.__wrapped__(twin.pk, "Zoe")
    names.settle(coming)
    assert Participant.objects.get(pk=twin.pk).name == "Zoe"


def test_a_new_name_stands_over_what_was_said_before_in_record_and_files(transactional_db):
    scene = make_scene()
    scene.say("大家好")
    transcript_files.rebuild(scene.meeting.pk)
    renamed = names.rename.__wrapped__(scene.alice.pk, "Alicia")
    assert (renamed.meeting, renamed.seq) == (scene.meeting.pk, Meeting.objects.get().seq)
    assert [line.speaker for line in record.lines(scene.meeting)] == ["Alicia"]
    due = transcript_files.due.__wrapped__(timezone.now())
    assert due == [scene.meeting.pk]
    transcript_files.rebuild(scene.meeting.pk)
    files = [file for file in record.files(scene.meeting) if file.name.endswith(".txt")]
    folder = transcript_files.read(scene.meeting).folder
    assert files
    assert all("] Alicia: " in (folder / file.name).read_text() for file in files)
    assert all("Alicia" in path.read_text() for path in (folder / "clips").glob("*.txt"))


def test_ended_meetings_are_written_again_under_the_new_name_too(transactional_db):
    scene = make_scene(started_at=datetime(2026, 1, 2, tzinfo=UTC))
    scene.say("大家好")
    transcript_files.rebuild(scene.meeting.pk)
    Meeting.objects.update(ended_at=timezone.now())
    assert names.rename.__wrapped__(scene.alice.pk, "Alicia").seq is None  # no page shows it, so no event tells of it
    assert transcript_files.due.__wrapped__(timezone.now()) == [scene.meeting.pk]


def test_the_same_name_again_changes_nothing(transactional_db):
    scene = make_scene()
    scene.say("大家好")
    before = Meeting.objects.get().seq
    assert names.rename.__wrapped__(scene.alice.pk, "Alice").seq is None
    assert Meeting.objects.get().seq == before


def test_a_shared_sound_is_named_after_its_owner(transactional_db):
    scene = make_scene()
    sound = Participant.objects.create(room=scene.room, name="Alice's shared sound", shared_by=scene.alice)
    names.rename.__wrapped__(scene.alice.pk, "Alicia")
    sound.refresh_from_db()
    assert sound.name == "Alicia's shared sound"


@pytest.mark.django_db
def test_joining_again_under_another_name_is_a_renaming():
    session: dict = {}
    room, _secret = rooms.make("Weekly", session)
    rooms.join(room, "Alice", session)
    assert rooms.join(room, "Alicia", session).name == "Alicia"
    assert Participant.objects.get().name == "Alicia"
