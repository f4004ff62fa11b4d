"""A job is held as long as somebody works on it, and no longer."""

import asyncio
from datetime import timedelta

import pytest
from django.utils import timezone

from meet.models import Translation
from meet.orm_pool import pooled
from meet.translation import lease, translation_jobs
from meet.translation.lease import Lease, LeaseTaken
from tests.meet.translation.speaking import said

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
async def job(scene, settings, monkeypatch):
    """One that is due; leases are short here."""
    settings.TRANSLATOR = ["google"]
    settings.TRANSLATE_TO = ["ja"]
    monkeypatch.setattr(translation_jobs, "LEASE", timedelta(seconds=1))
    monkeypatch.setattr(lease, "RENEW_SECONDS", 0.1)
    caption = await said(scene)
    [found] = await translation_jobs.of_clip(caption.pk)
    return found


@pooled
def row():
    return Translation.objects.get()


@pooled
def run_out():
    """The leases' time is over."""
    Translation.objects.update(next_try_at=timezone.now() - timedelta(seconds=1))


async def test_a_job_that_is_worked_on_is_no_other_processs_however_long_it_takes(job):
    mine = Lease(job)
    await mine.take()
    held_until = (await row()).next_try_at
    while timezone.now() < held_until + timedelta(seconds=0.5):
        with pytest.raises(LeaseTaken):
            await Lease(job).take()
        assert await translation_jobs.due(frozenset(), 10) == []
        await asyncio.sleep(0.1)
    assert (await row()).attempts == 1
    await mine.stop()


async def test_a_lease_that_is_no_longer_renewed_runs_out(job):
    mine = Lease(job)
    await mine.take()
    await mine.stop()
    held_until = (await row()).next_try_at
    await asyncio.sleep(0.3)
    assert (await row()).next_try_at == held_until
    await run_out()
    other = Lease(job)
    await other.take()
    await other.stop()


async def test_what_is_given_back_is_due_after_a_pause_and_counts_only_where_it_was_tried(job):
    for tried, attempts in ((False, 0), (True, 1)):
        mine = Lease(job)
        await mine.take()
        await mine.give_back(timedelta(0), tried=tried)
        assert (await row()).attempts == attempts
    assert (await row()).next_try_at <= timezone.now()


async def test_a_lost_lease_changes_nothing_of_the_next_ones(job):
    lost = Lease(job)
    await lost.take()
    await lost.stop()
    await run_out()
    other = Lease(job)
    await other.take()
    await lost.give_back(timedelta(hours=1), tried=False)
    assert (await row()).attempts == 2
    assert (await row()).next_try_at < timezone.now() + timedelta(minutes=1)
    await other.stop()


async def test_a_lease_never_taken_leaves_the_row_as_it_was(job):
    never = Lease(job)
    await never.give_back(timedelta(hours=1), tried=True)
    assert (await row()).next_try_at is None
