"""A line that is shown with its first text and revised by the answer: at every end that its journey may have."""

import asyncio
import contextlib
import http.server
import json
import threading

import pytest
from django.utils import timezone

from meet import pipeline, translation
from meet.clips import clips
from meet.models import Caption, Clip, Meeting
from meet.orm_pool import pooled
from meet.recognition import speech_client
from meet.record import transcript_files, withdrawal
from meet.translation import translation_jobs
from tests.meet.test_pipeline import HELLO, audience, said

__all__ = ["audience"]
State = Clip.State
FIRST = {"success": True, "first": True, "text": "大家浩", "language": "zh", "gaps": []}
FINAL = {"success": True, "text": "大家好", "language": "zh", "gaps": []}
SAME = {**FINAL, "text": FIRST["text"]}
LINES = "application/x-ndjson"


class Tier:
    """A speech tier that answers in these lines. After each it waits until it is told to go on."""

    def __init__(self) -> None:
        self.kind, self.lines, self.took = LINES, [], []  # took: what its callers said that they take
        self.go = threading.Semaphore(0)

    def answers(self, *lines, kind=LINES):
        self.kind, self.lines = kind, [json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in lines]


@pytest.fixture
def tier(settings):
    tier = Tier()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            tier.took.append(self.headers["Accept"])
            self.send_response(200)
            self.send_header("Content-Type", tier.kind)
            self.end_headers()
            with contextlib.suppress(ConnectionError):  # who crashed reads no more
                for place, line in enumerate(tier.lines):
                    if place:
                        assert tier.go.acquire(timeout=30)
                    self.wfile.write(line)

        def log_message(self, *_args):
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings.SPEECH_URL = f"http://127.0.0.1:{server.server_address[1]}"
        speech_client._client = None
        yield tier
        tier.go.release(9)
        server.shutdown()
    speech_client._client = None


@pytest.fixture
def asked_for(monkeypatch):
    """The clips whose translations were asked for."""
    asked = []

    async def request(clip):
        asked.append(clip)

    monkeypatch.setattr(translation, "request", request)
    return asked


@pytest.fixture
async def shown(cast, tier, audience):
    """A journey that has come to its first text, told to the room: the clip and the task."""
    journeys = []

    async def until_first(*lines):
        tier.answers(FIRST, *lines)
        clip = await said(cast.alice, HELLO.data)
        journeys.append(asyncio.create_task(pipeline.caption(clip)))
        event = await audience()
        assert (event["type"], event["text"], event["revision"]) == ("caption", FIRST["text"], 1)
        return clip, journeys[-1]

    yield until_first
    for journey in journeys:
        journey.cancel()
    await asyncio.gather(*journeys, return_exceptions=True)


async def now(clip):
    return await Clip.objects.aget(pk=clip)


async def events_of(meeting) -> int:
    return (await Meeting.objects.aget(pk=meeting)).seq


async def spoken(clip, settings) -> str:
    """What the meeting's file has, as spoken."""
    meeting = await Meeting.objects.select_related("room").aget(clips=clip)
    await pooled(transcript_files.rebuild)(meeting.pk)
    folder = settings.MEDIA_ROOT / meeting.room.slug / meeting.folder
    return (folder / f"{transcript_files.name_of(meeting)}.txt").read_text(encoding="utf-8")


async def test_a_first_text_is_shown_at_once_and_revised_by_the_answer(shown, tier, audience, asked_for, settings):
    clip, journey = await shown(FINAL)
    assert (await now(clip)).state == State.RECEIVED
    assert FIRST["text"] in await spoken(clip, settings)
    tier.go.release()
    event = await audience()
    assert (event["type"], event["text"], event["revision"], event["clip"]) == ("caption", "大家好", 2, str(clip))
    await journey
    assert (await now(clip)).state == State.CAPTIONED
    assert asked_for == [clip]
    text = await spoken(clip, settings)
    assert text.count("大家好") == 1
    assert FIRST["text"] not in text
    assert LINES in tier.took[0]


async def test_an_answer_that_says_the_same_is_told_to_nobody_and_is_translated(shown, tier, asked_for):
    clip, journey = await shown(SAME)
    tier.go.release()
    await journey
    line, row = await Caption.objects.aget(pk=clip), await now(clip)
    assert (line.revision, row.state) == (1, State.CAPTIONED)
    assert await events_of(row.meeting_id) == 1
    assert asked_for == [clip]


async def test_an_answer_that_differs_in_its_gaps_is_a_revision(shown, tier, audience):
    _clip, journey = await shown({**SAME, "gaps": [{"start": 1, "end": 3}]})
    tier.go.release()
    event = await audience()
    assert (event["text"], event["revision"], event["gaps"]) == (FIRST["text"], 2, [[1000, 3000]])
    await journey


async def test_while_a_clip_is_being_heard_nothing_of_it_is_translated(shown, tier, settings):
    settings.TRANSLATOR = ["google"]
    clip, journey = await shown(SAME)
    assert await translation_jobs.of_clip(clip) == []
    await Clip.objects.filter(pk=clip).aupdate(lease_until=timezone.now())  # as if its process had been killed
    assert await translation_jobs.of_clip(clip) != []
    tier.go.release()
    await journey


async def test_an_answer_without_text_takes_the_line_back(shown, tier, audience, settings):
    suppressed = {"text": "謝謝觀看", "reason": "phantom"}
    clip, journey = await shown({**FINAL, "text": "", "silent": "suppressed", "suppressed": suppressed})
    tier.go.release()
    event = await audience()
    assert (event["type"], event["clip"]) == ("unsaid", str(clip))
    await journey
    row = await now(clip)
    assert (row.state, row.suppressed) == (State.SILENT, "謝謝觀看")
    assert not await Caption.objects.aexists()
    assert await spoken(clip, settings) == ""


async def test_an_answer_without_words_for_long_speech_makes_a_gap_of_the_line(shown, tier, audience):
    unheard = [{"start": 0, "end": 3}]
    clip, journey = await shown({**FINAL, "text": "", "silent": "empty", "gaps": unheard})
    tier.go.release()
    assert [(await audience())["type"] for _ in range(2)] == ["unsaid", "gap"]
    await journey
    row = await now(clip)
    assert (row.state, row.reason) == (State.FAILED, "no_words")
    assert not await Caption.objects.aexists()


async def test_a_failure_leaves_the_first_text_and_has_it_translated(shown, tier, asked_for):
    clip, journey = await shown({"success": False, "error": "cannot", "retryable": False})
    tier.go.release()
    await journey
    row = await now(clip)
    assert (row.state, row.reason) == (State.CAPTIONED, "not_revised")
    assert (await Caption.objects.aget()).text == FIRST["text"]
    assert await events_of(row.meeting_id) == 1
    assert asked_for == [clip]


@pytest.mark.parametrize("lines", [[{"success": False, "error": "ending", "retryable": True}], []])
async def test_a_failure_that_may_pass_has_the_clip_heard_again_behind_its_line(shown, tier, audience, lines):
    clip, journey = await shown(*lines)
    tier.go.release()
    await journey
    row = await now(clip)
    assert (row.state, row.attempts) == (State.RECEIVED, 1)
    assert (await Caption.objects.aget()).text == FIRST["text"]
    await Clip.objects.filter(pk=clip).aupdate(lease_until=None)
    tier.answers(FINAL)
    await pipeline.caption(clip)
    assert (await audience())["text"] == "大家好"
    assert (await now(clip)).state == State.CAPTIONED


@pytest.mark.parametrize("kind", [LINES, "application/json"])
async def test_a_crash_after_the_first_text_has_the_clip_heard_again(shown, tier, audience, settings, kind):
    clip, journey = await shown(FINAL)
    journey.cancel()
    await asyncio.gather(journey, return_exceptions=True)
    assert (await now(clip)).state == State.RECEIVED
    await Clip.objects.filter(pk=clip).aupdate(lease_until=timezone.now())
    tier.answers(FINAL, kind=kind)
    await pipeline.caption(clip)
    assert ((await audience())["text"], (await now(clip)).state) == ("大家好", State.CAPTIONED)
    assert await Caption.objects.acount() == 1
    assert (await spoken(clip, settings)).count("大家") == 1


async def test_a_line_withdrawn_while_it_is_decoded_again_does_not_come_back(shown, tier, audience, cast, settings):
    clip, journey = await shown(FINAL)
    await withdrawal.withdraw(clip, cast.alice.pk)
    tier.go.release()
    await journey
    assert (await audience())["type"] == "withdrawn"
    row = await now(clip)
    assert row.state == State.WITHDRAWN
    assert await events_of(row.meeting_id) == 2
    assert not await Caption.objects.aexists()


async def test_a_first_text_of_a_clip_that_more_came_of_is_not_shown(cast, tier):
    tier.answers(FIRST, FINAL)
    clip = await said(cast.alice, HELLO.data)
    leased, row = await clips.lease(clip)
    await clips.reopen(clip)
    await pipeline._show_first(leased, row, speech_client.TranscriptionResult("大家浩", "zh", "", ""))
    assert not await Caption.objects.aexists()


async def test_a_tier_that_knows_nothing_of_lines_is_understood(cast, tier, audience):
    tier.answers(FINAL, kind="application/json")
    clip = await said(cast.alice, HELLO.data)
    await pipeline.caption(clip)
    assert (await audience())["text"] == "大家好"
    assert (await now(clip)).state == State.CAPTIONED


async def test_signs_that_end_a_line_elsewhere_end_none_here(cast, tier, audience):
    tier.answers({**FINAL, "text": "one\u2028two\u0085three"})
    await pipeline.caption(await said(cast.alice, HELLO.data))
    assert (await audience())["text"] == "one\u2028two\u0085three"
