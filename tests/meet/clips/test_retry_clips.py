"""`manage.py retry_clips`."""

import io

import pytest
from django.core.management import CommandError, call_command

from meet.clips import clips
from meet.clips.part_files import PartFile
from meet.models import Clip
from tests.meet.scene import make_scene


@pytest.mark.django_db
def test_failed_clips_of_a_meeting_become_received_again():
    scene = make_scene()
    failed = scene.clip(state=Clip.State.FAILED, attempts=9)
    said = scene.clip()
    PartFile(clips.folder(failed.pk), said.pk).append([(0, b"x")])
    out = io.StringIO()
    call_command("retry_clips", str(scene.meeting.pk), stdout=out)
    assert out.getvalue().startswith("1 failed")
    failed.refresh_from_db()
    said.refresh_from_db()
    assert (failed.state, failed.attempts, said.state) == ("received", 0, "captioned")


@pytest.mark.django_db
def test_a_meeting_that_is_not_there_is_said():
    with pytest.raises(CommandError):
        call_command("retry_clips", "nowhere")
