"""The recording of a whole meeting, by real processes, on a real disk, from a real database."""

import asyncio
import subprocess
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import soundfile
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client
from django.utils import timezone

from meet import event_numbers
from meet.clips import audio_files, clips
from meet.models import Clip, Meeting
from meet.orm_pool import pooled
from meet.record import record, recording, withdrawal
from meet.record.mixing_worker import SAMPLE_RATE
from tests.meet.scene import make_scene

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def scene():
    return make_scene()


def sounding(scene, after: float, seconds: float = 1.0, seed: int = 1, **fields) -> Clip:
    """A clip whose file holds `seconds` of noise."""
    clip = scene.clip(after=after, **fields)
    noise = np.random.default_rng(seed).integers(-9000, 9000, round(seconds * SAMPLE_RATE)).astype(np.int16)
    soundfile.write(settings.MEDIA_ROOT / clip.audio, noise, SAMPLE_RATE)
    return clip


def over(scene) -> None:
    """The meeting ended, and the clips in it are no newcomers."""
    Meeting.objects.update(ended_at=timezone.now())
    Clip.objects.update(opened_at=timezone.now() - recording.PENDING_FOR)


def free() -> None:
    """The pause between two makings is over."""
    Meeting.objects.update(recording_lease_until=None)


def path_of(scene) -> Path:
    return recording.path_of(Meeting.objects.select_related("room").get(pk=scene.meeting.pk))


def seconds(scene) -> float:
    return soundfile.info(path_of(scene)).frames / SAMPLE_RATE


async def is_due(later: timedelta = timedelta(0)) -> bool:
    return bool(await recording.due(timezone.now() + later))


async def test_an_ended_meeting_gets_its_recording_and_then_nothing_is_due(scene):
    await pooled(sounding)(scene, 0.5)
    await pooled(sounding)(scene, 4, seconds=2, seed=2)
    await pooled(over)(scene)
    await recording.make_due()
    assert await pooled(seconds)(scene) == 6
    assert (await pooled(path_of)(scene)).name == f"combo_{scene.room.slug}_20260102-100327.flac"
    assert not await is_due(timedelta(minutes=1))


async def test_a_meeting_that_goes_on_has_none(scene):
    await pooled(sounding)(scene, 0)
    await recording.make_due()
    assert not await recording.make(scene.meeting.pk)
    assert not (await pooled(path_of)(scene)).exists()


async def test_sound_that_is_on_its_way_to_the_disk_is_waited_for_but_not_for_ever(scene):
    await pooled(sounding)(scene, 0)
    await pooled(scene.clip)(after=3, audio="", duration_ms=None)
    await Meeting.objects.aupdate(ended_at=timezone.now())
    assert not await is_due()
    assert await is_due(recording.PENDING_FOR)


async def test_a_late_clip_is_in_the_recording_though_nothing_was_said_in_it(scene):
    await pooled(sounding)(scene, 0)
    await pooled(over)(scene)
    await recording.make_due()
    late = await pooled(lambda: sounding(scene, 5, seed=2, state=Clip.State.SILENT))()
    await audio_files.written(late.pk, late.version, late.audio, 1000)
    await pooled(over)(scene)
    await pooled(free)()
    await recording.make_due()
    assert await pooled(seconds)(scene) == 6


async def test_more_of_a_clip_is_in_the_recording(scene):
    clip = await pooled(sounding)(scene, 0)
    await pooled(over)(scene)
    await recording.make_due()
    await clips.reopen(clip.pk)
    await pooled(
        lambda: soundfile.write(settings.MEDIA_ROOT / clip.audio, np.ones(3 * SAMPLE_RATE, np.int16), 16_000)
    )()
    await Clip.objects.aupdate(state=Clip.State.CAPTIONED)
    await audio_files.written(clip.pk, clip.version + 1, clip.audio, 3000)
    await pooled(free)()
    await recording.make_due()
    assert await pooled(seconds)(scene) == 3


async def test_a_withdrawn_line_and_a_folded_copy_are_not_heard(scene):
    await pooled(sounding)(scene, 0)
    caption = await pooled(lambda: scene.settle(sounding(scene, 1, seed=2), "mine", "en"))()
    copy = await pooled(lambda: scene.settle(sounding(scene, 1.1, seed=2), "mine", "en"))()
    await pooled(over)(scene)
    await recording.make_due()
    assert await pooled(seconds)(scene) == pytest.approx(2.1)

    def changes() -> None:
        with transaction.atomic():
            event_numbers.take(scene.meeting.pk)
            type(copy).objects.filter(pk=copy.pk).update(folded_into=caption)
            Clip.objects.filter(pk=caption.pk).update(state=Clip.State.WITHDRAWN, audio="")

    await pooled(changes)()
    await pooled(free)()
    await recording.make_due()
    assert await pooled(seconds)(scene) == 1


async def test_when_the_last_line_is_withdrawn_the_recording_goes(scene):
    await pooled(sounding)(scene, 0)
    await pooled(over)(scene)
    await recording.make_due()

    def withdrawn() -> None:
        with transaction.atomic():
            event_numbers.take(scene.meeting.pk)
            Clip.objects.update(state=Clip.State.WITHDRAWN, audio="")

    await pooled(withdrawn)()
    await pooled(free)()
    await recording.make_due()
    assert not (await pooled(path_of)(scene)).exists()
    assert not await is_due(timedelta(minutes=1))


async def test_a_translation_that_comes_later_does_not_have_it_made_again(scene):
    await pooled(sounding)(scene, 0)
    await pooled(over)(scene)
    await recording.make_due()
    before = (await pooled(path_of)(scene)).stat().st_mtime_ns

    def translated() -> None:
        with transaction.atomic():
            event_numbers.take(scene.meeting.pk)

    await pooled(translated)()
    await pooled(free)()
    assert await is_due()
    await recording.make_due()
    assert not await is_due()
    assert (await pooled(path_of)(scene)).stat().st_mtime_ns == before


async def test_of_several_processes_one_makes_it(scene):
    await pooled(sounding)(scene, 0)
    await pooled(over)(scene)
    made = await asyncio.gather(*(recording.make(scene.meeting.pk) for _ in range(4)))
    assert sorted(made) == [False, False, False, True]


async def test_what_comes_in_while_it_is_made_has_it_made_once_more(scene, monkeypatch):
    await pooled(sounding)(scene, 0)
    await pooled(over)(scene)
    mixed = recording._mixed

    async def meanwhile(plan, held):
        late = await pooled(lambda: sounding(scene, 5, seed=2))()
        await audio_files.written(late.pk, late.version, late.audio, 1000)
        return await mixed(plan, held)

    monkeypatch.setattr(recording, "_mixed", meanwhile)
    await recording.make_due()
    monkeypatch.setattr(recording, "_mixed", mixed)
    await pooled(over)(scene)
    await pooled(free)()
    await recording.make_due()
    assert await pooled(seconds)(scene) == 6


async def test_what_is_withdrawn_while_it_is_made_is_heard_by_nobody(scene, monkeypatch):
    await pooled(sounding)(scene, 0)
    mine = await pooled(lambda: scene.settle(sounding(scene, 2, seed=2), "mine", "en"))()
    await pooled(over)(scene)
    mixed = recording._mixed

    async def meanwhile(plan, held):
        made = await mixed(plan, held)
        await withdrawal.withdraw(mine.pk, scene.alice.pk)
        plan.target.write_bytes(b"the process was a little slower than the withdrawal")
        return made

    monkeypatch.setattr(recording, "_mixed", meanwhile)
    await recording.make_due()
    assert not (await pooled(path_of)(scene)).exists()
    monkeypatch.setattr(recording, "_mixed", mixed)
    await pooled(free)()
    await recording.make_due()
    assert await pooled(seconds)(scene) == 1


async def test_a_process_that_was_killed_in_the_middle_is_followed_by_another(scene):
    await pooled(sounding)(scene, 0)
    await pooled(over)(scene)
    now = timezone.now()
    assert await recording._take(scene.meeting.pk, now + recording.LEASE, now)  # and then nothing more
    left = (await pooled(path_of)(scene)).with_name(".recording-left")
    left.write_bytes(b"half")
    await recording.make_due()
    assert not (await pooled(path_of)(scene)).exists()
    assert await is_due(recording.LEASE)
    await pooled(free)()
    await recording.make_due()
    assert await pooled(seconds)(scene) == 1
    assert not left.exists()


async def test_one_that_lost_its_lease_has_it_made_again(scene):
    await pooled(sounding)(scene, 0)
    await pooled(over)(scene)
    now = timezone.now()
    plan = await recording._take(scene.meeting.pk, now + recording.LEASE, now)
    await pooled(free)()
    await recording.make_due()
    await recording._give_back(scene.meeting.pk, now + recording.LEASE, plan, now)
    await pooled(free)()
    assert await is_due()


async def test_a_lease_is_renewed_while_the_work_goes_on(scene, monkeypatch):
    monkeypatch.setattr(recording, "RENEW_SECONDS", 0)
    await pooled(sounding)(scene, 0)
    await pooled(over)(scene)
    assert await recording.make(scene.meeting.pk)
    assert not await is_due(timedelta(minutes=1))


async def test_a_broken_clip_is_left_out_and_the_log_says_which(scene, caplog):
    await pooled(sounding)(scene, 0)
    broken = await pooled(scene.clip)(after=3)
    await pooled(over)(scene)
    await recording.make_due()
    assert await pooled(seconds)(scene) == 1
    assert f"clip {broken.pk} is not in the recording" in caplog.text
    assert not await is_due(timedelta(minutes=1))


async def test_a_mixing_process_that_dies_is_told_of_and_tried_again_later(scene, caplog, monkeypatch):
    started = recording._started

    def killed(said) -> "subprocess.Popen[bytes]":
        process = started(said)
        process.kill()
        return process

    monkeypatch.setattr(recording, "_started", killed)
    await pooled(sounding)(scene, 0)
    await pooled(over)(scene)
    await recording.make_due()
    assert "could not be made" in caplog.text
    assert not await is_due(timedelta(minutes=4))
    assert await is_due(recording.AFTER_FAILURE)


def test_it_is_rebuilt_with_the_other_files(scene, capsys):
    sounding(scene, 0)
    call_command("rebuild_transcripts", str(scene.meeting.pk))
    assert "no recording before its end" in capsys.readouterr().out
    over(scene)
    call_command("rebuild_transcripts", str(scene.meeting.pk))
    assert path_of(scene).name in capsys.readouterr().out
    path_of(scene).unlink()
    free()
    call_command("rebuild_transcripts", str(scene.meeting.pk), verbosity=0)
    assert seconds(scene) == 1


def test_a_recording_that_cannot_be_made_fails_the_command(scene, monkeypatch):
    sounding(scene, 0)
    over(scene)
    path_of(scene).mkdir()
    with pytest.raises(CommandError, match="could not be made"):
        call_command("rebuild_transcripts", str(scene.meeting.pk), verbosity=0)


def test_the_record_offers_it_last_with_a_player_to_those_who_took_part(scene):
    sounding(scene, 0)
    over(scene)
    client = Client()
    session = client.session
    session.update(scene.sessions[scene.alice.pk])
    session.save()
    page = f"/rooms/{scene.room.slug}/record/{scene.meeting.folder}/"
    assert "is being prepared" in client.get(page).content.decode()
    asyncio.run(recording.rebuild(scene.meeting.pk))
    shown = client.get(page).content.decode()
    (file,) = record.files(scene.meeting)
    assert '<audio class="recording"' in shown
    assert "is being prepared" not in shown
    assert client.get(f"/media/{file.path}").headers["Content-Type"] == "audio/flac"
    assert Client().get(f"/media/{file.path}").status_code == 404
