"""The account of a meeting: nothing spoken may be missing without a word."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.utils import timezone

from meet.clips import audit
from meet.models import Clip, Meeting
from tests.meet.scene import make_scene

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def scene():
    return make_scene()


def missing(scene, after: float = 0) -> list[tuple[int, str]]:
    entries = audit.of_meeting(scene.meeting, timezone.now() + timedelta(seconds=after))
    return [(entry.number, entry.missing) for entry in entries if entry.missing]


def test_a_meeting_in_which_every_clip_came_to_its_end_is_accounted_for(scene, capsys):
    scene.say("hello", "en", after=0)
    scene.clip(after=3, state=Clip.State.SILENT)
    scene.clip(after=5, state=Clip.State.FAILED, audio="")
    call_command("account", scene.room.slug)
    out = capsys.readouterr().out
    assert out.count("Alice") == 3
    assert "3 clips: 1 captioned, 1 failed, 1 silent" in out


def test_a_number_that_never_came_is_missing_and_the_command_says_so_with_status_1(scene, capsys):
    scene.clip(number=0, state=Clip.State.SILENT)
    scene.clip(number=3, state=Clip.State.SILENT)
    assert missing(scene) == [(1, "it never came"), (2, "it never came")]
    with pytest.raises(SystemExit) as ended:
        call_command("account", str(scene.meeting.pk))
    assert ended.value.code == 1
    assert "2 unaccounted for" in capsys.readouterr().err


def test_the_first_numbers_count_too(scene):
    scene.clip(number=1, state=Clip.State.SILENT)
    assert missing(scene) == [(0, "it never came")]


def test_numbers_of_the_speakers_other_meetings_are_not_missing(scene):
    earlier = Meeting.objects.create(
        room=scene.room,
        folder="earlier",
        started_at=scene.meeting.started_at - timedelta(days=1),
        ended_at=scene.meeting.started_at,
        occupied_at=scene.meeting.started_at,
    )
    for number in (0, 1):
        clip = scene.clip(number=number, state=Clip.State.SILENT)
        Clip.objects.filter(pk=clip.pk).update(meeting=earlier)
    scene.clip(number=2, state=Clip.State.SILENT)
    assert missing(scene) == []


@pytest.mark.parametrize("state", [Clip.State.RECEIVING, Clip.State.RECEIVED])
def test_a_clip_may_be_on_its_way_for_a_minute_and_no_longer(scene, state):
    scene.clip(state=state, audio="")
    assert missing(scene) == []
    assert missing(scene, after=61) == [(0, f"{state} for over a minute")]


def test_a_captioned_clip_without_its_caption_is_missing_it(scene):
    scene.clip()
    assert missing(scene) == [(0, "its caption is missing")]


def test_audio_that_is_not_on_disk_is_missing(scene):
    clip = scene.say("hello", "en").clip
    (settings.MEDIA_ROOT / clip.audio).unlink()
    assert missing(scene) == [(0, "its audio file is missing")]


def test_audio_that_was_never_written_is_missing_after_a_minute(scene):
    clip = scene.clip(audio="")
    scene.settle(clip, "hello", "en")
    assert missing(scene) == []
    assert missing(scene, after=61) == [(0, "its audio was not written")]


def test_a_number_given_twice_is_noticed(scene):
    scene.clip(number=0, state=Clip.State.SILENT)
    scene.clip(number=0, state=Clip.State.SILENT)
    assert missing(scene) == [(0, "its number was given twice")]


def test_a_meeting_that_is_not_there_is_said_to_be_none(scene):
    with pytest.raises(CommandError, match="No meeting is called 'nowhere'"):
        call_command("account", "nowhere")


@pytest.mark.parametrize("by", ["id", "slug", "folder", "both"])
def test_a_meeting_is_found_by_each_of_its_names(scene, capsys, by):
    meeting = scene.meeting
    names = {"id": str(meeting.pk), "slug": scene.room.slug, "folder": meeting.folder}
    call_command("account", names.get(by, f"{scene.room.slug}/{meeting.folder}"))
    assert capsys.readouterr().out.startswith(f"{scene.room.slug}/{meeting.folder}")
