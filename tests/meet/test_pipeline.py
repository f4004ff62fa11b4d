"""The journey of a clip, with the real speech process."""

import asyncio
import contextlib
import http.server
import io
import json
import threading
import urllib.parse
import uuid

import httpx
import pytest
import soundfile
from channels.layers import get_channel_layer
from django.utils import timezone

from meet import broadcast, pipeline
from meet.clips import clips
from meet.events import Chunk, ClipEnd, ClipStart, SetRoom
from meet.models import Caption, Clip
from meet.recognition import engine_status, speech_client
from meet.record import snapshot
from meet.rooms import meetings, room_settings
from meet.socket.uplink import Uplink
from meet.timestamps import to_ms
from tests.sentences import sentences
from tests.speech_process import speaking

State = Clip.State
HELLO = sentences("zh", exact=True)[0]


@pytest.fixture
async def audience(cast):
    """What a page in the room would hear."""
    layer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add(broadcast.group(cast.room.pk), channel)

    async def next_event():
        message = await asyncio.wait_for(layer.receive(channel), 30)
        return json.loads(message["event"])

    return next_event


async def said(speaker, sound, mime="audio/wav", language=""):
    """A clip of these bytes, arrived whole."""
    event = ClipStart(uuid.uuid4(), 0, to_ms(timezone.now()), 0, mime, language)
    uplink = Uplink(speaker.pk)
    await uplink.start(event)
    pieces = [sound[at : at + 20_000] for at in range(0, len(sound), 20_000)]
    await uplink.chunks(Chunk(event.clip, n, piece) for n, piece in enumerate(pieces))
    await uplink.end(ClipEnd(event.clip, len(pieces), None, "silence"))
    assert await uplink.whole(event.clip)
    return event.clip


async def nobody(_first):
    """Hears of no first text."""
    raise AssertionError("nothing was doubted")


async def state(clip):
    row = await Clip.objects.aget(pk=clip)
    return row.state


async def test_a_sentence_becomes_a_caption_that_everybody_hears_of(cast, tier, audience):
    clip = await said(cast.alice, HELLO.path.read_bytes())
    await pipeline.caption(clip)
    event = await audience()
    assert (event["type"], event["text"], event["lang"]) == ("caption", HELLO.text, "zh-Hant")
    assert (event["name"], event["clip"], event["seq"]) == ("Alice", str(clip), 1)
    assert await state(clip) == State.CAPTIONED


async def test_the_audio_that_was_kept_lies_in_media(cast, tier, settings):
    clip = await said(cast.alice, HELLO.path.read_bytes())
    await pipeline.caption(clip)
    row = await Clip.objects.aget(pk=clip)
    audio, rate = soundfile.read(settings.MEDIA_ROOT / row.audio)
    assert rate == 16_000
    assert len(audio) / rate == pytest.approx(HELLO.seconds, abs=0.01)
    assert row.duration_ms == pytest.approx(1000 * HELLO.seconds, abs=10)


async def test_captioning_twice_gives_one_caption(cast, tier):
    clip = await said(cast.alice, HELLO.path.read_bytes())
    await asyncio.gather(pipeline.caption(clip), pipeline.caption(clip))
    await pipeline.caption(clip)
    caption = await Caption.objects.aget()
    assert caption.revision == 1


async def test_more_audio_makes_a_new_revision_of_the_same_caption(cast, tier, audience):
    sound = HELLO.path.read_bytes()
    clip = await said(cast.alice, sound)
    await pipeline.caption(clip)
    assert (await audience())["revision"] == 1
    await clips.reopen(clip)
    assert await clips.receive_if_whole(clip)
    await pipeline.caption(clip)
    again = await audience()
    assert (again["revision"], again["seq"], again["text"]) == (2, 2, HELLO.text)
    assert await Caption.objects.acount() == 1


async def test_silence_is_silent_and_nobody_hears_of_it(cast, tier):
    clip = await said(cast.alice, _wav_of_silence())
    await pipeline.caption(clip)
    row = await Clip.objects.aget(pk=clip)
    assert row.state == State.SILENT
    assert row.reason
    assert not await Caption.objects.aexists()


async def test_bytes_that_are_no_audio_fail_and_leave_a_gap(cast, tier, audience):
    clip = await said(cast.alice, b"this is no audio at all" * 100, mime="audio/webm")
    await pipeline.caption(clip)
    assert await state(clip) == State.FAILED
    event = await audience()
    assert (event["type"], event["clip"], event["reason"]) == ("gap", str(clip), "undecodable")
    shown = json.loads(await snapshot.of_room(cast.room.pk))
    assert [line["type"] for line in shown["captions"]] == ["gap"]


async def test_a_language_that_the_model_does_not_know_is_said_and_not_called_broken_sound(cast, tier, audience):
    clip = await said(cast.alice, HELLO.path.read_bytes())
    await Clip.objects.filter(pk=clip).aupdate(language="fr")
    await pipeline.caption(clip)
    assert await state(clip) == State.FAILED
    assert (await audience())["reason"] == "unknown_language"
    assert (await Clip.objects.aget(pk=clip)).audio  # and what was said is kept: another model may hear it


async def test_a_clip_of_which_nothing_arrived_is_a_gap_and_an_empty_one_is_silent(cast, tier):
    for chunks, state_then, reason in ((None, State.FAILED, "nothing_arrived"), (0, State.SILENT, "empty")):
        event = ClipStart(uuid.uuid4(), 0, to_ms(timezone.now()), 0, "audio/webm", "")
        await Uplink(cast.alice.pk).start(event)
        await Clip.objects.filter(pk=event.clip).aupdate(state=State.RECEIVED, chunks=chunks)
        await pipeline.caption(event.clip)
        row = await Clip.objects.aget(pk=event.clip)
        assert (row.state, row.reason) == (state_then, reason)


async def test_while_nobody_answers_a_clip_waits_and_its_attempts_do_not_count(cast, settings):
    settings.SPEECH_URL = "http://127.0.0.1:9"
    speech_client._client = None
    clip = await said(cast.alice, HELLO.path.read_bytes())
    await pipeline.caption(clip)
    row = await Clip.objects.aget(pk=clip)
    assert (row.state, row.attempts) == (State.RECEIVED, 0)
    assert row.lease_until > timezone.now()


async def test_a_clip_that_kills_whoever_hears_it_is_given_up_in_the_end(cast, tier):
    clip = await said(cast.alice, HELLO.path.read_bytes())
    await Clip.objects.filter(pk=clip).aupdate(attempts=clips.MOST_ATTEMPTS)
    await pipeline.caption(clip)
    row = await Clip.objects.aget(pk=clip)
    assert (row.state, row.reason) == (State.FAILED, "too_many_attempts")


async def test_what_was_heard_before_outlives_a_second_journey_that_fails(cast, tier):
    clip = await said(cast.alice, HELLO.path.read_bytes())
    await pipeline.caption(clip)
    await clips.reopen(clip)
    assert await clips.receive_if_whole(clip)
    await Clip.objects.filter(pk=clip).aupdate(attempts=clips.MOST_ATTEMPTS)
    await pipeline.caption(clip)
    row = await Clip.objects.aget(pk=clip)
    assert (row.state, row.reason) == (State.CAPTIONED, "too_many_attempts")
    assert (await Caption.objects.aget()).text == HELLO.text


async def test_a_clip_that_failed_can_still_be_listened_to(cast, tier, settings):
    clip = await said(cast.alice, HELLO.path.read_bytes())
    await Clip.objects.filter(pk=clip).aupdate(attempts=clips.MOST_ATTEMPTS)
    await pipeline.caption(clip)
    row = await Clip.objects.aget(pk=clip)
    assert row.state == State.FAILED
    assert (settings.MEDIA_ROOT / row.audio).is_file()


async def test_chinese_that_comes_in_simplified_is_written_in_traditional(cast):
    from django.db import transaction

    from meet.orm_pool import pooled
    from meet.record import captions

    clip = await said(cast.alice, HELLO.path.read_bytes())
    row = await Clip.objects.aget(pk=clip)

    @pooled
    def settle():
        with transaction.atomic():
            return captions.settle(pipeline._spoken(row), "zh-Hant", "谢谢大家,会议结束。")

    event = await settle()
    assert event["text"] == "謝謝大家,會議結束。"
    assert {t["lang"]: t["text"] for t in event["translations"]}["zh-Hans"] == "谢谢大家,会议结束。"


@pytest.mark.parametrize(
    ("status", "body", "verdict"),
    [
        (400, b'{"success": false, "retryable": false, "error": "x"}', speech_client.ClipRejected),
        (413, b'{"success": false, "retryable": false, "error": "x"}', speech_client.ClipRejected),
        (404, b"<html>no such page</html>", speech_client.SpeechTierUnavailable),
        (403, b'{"success": false, "retryable": false}', speech_client.SpeechTierUnavailable),
        (500, b'{"success": false, "retryable": false}', speech_client.SpeechTierUnavailable),
        (503, b'{"success": false, "retryable": true}', speech_client.SpeechTierUnavailable),
        (200, b"<html>welcome</html>", speech_client.SpeechTierUnavailable),
    ],
)
async def test_only_the_tiers_own_word_is_a_verdict_on_a_clip(settings, status, body, verdict):
    with answering(status, body) as address:
        settings.SPEECH_URL = address
        speech_client._client = None
        with pytest.raises(verdict):
            await speech_client.transcribe(
                b"x", speech_client.TranscriptionRequest("c", "webm", "", 0, None, 1000), nobody
            )


async def test_the_last_words_reach_the_page_of_a_meeting_that_just_ended(cast, tier, audience):
    clip = await said(cast.alice, HELLO.path.read_bytes())
    assert await meetings.end(cast.room.pk)
    await pipeline.caption(clip)
    assert (await audience())["text"] == HELLO.text


async def test_the_engine_says_what_it_is(tier):
    engine = await speech_client.engine()
    assert engine == speech_client.Engine("ready", "demo", demo=True, languages=("zh", "en", "ja"), translates=True)


async def test_an_engine_that_is_away_says_nothing(settings):
    settings.SPEECH_URL = "http://127.0.0.1:9"
    speech_client._client = None
    assert await speech_client.engine() == speech_client.AWAY


async def test_a_clip_is_waited_for_as_long_as_the_tier_says_that_it_is_there(cast, settings, monkeypatch):
    """A slow model takes minutes where many clips came before; what is given up by then would come to nobody."""
    monkeypatch.setattr(pipeline, "RENEW_SECONDS", 0.1)
    monkeypatch.setattr(pipeline, "GONE_AFTER", 0.3)
    clip = await said(cast.alice, HELLO.path.read_bytes())
    hears = asyncio.Event()

    async def slow(_sound, _wanted, _first):
        await hears.wait()
        return speech_client.TranscriptionResult(HELLO.text, "zh", "", "")

    monkeypatch.setattr(speech_client, "transcribe", slow)
    monkeypatch.setattr(engine_status, "answers", lambda: True)
    journey = asyncio.create_task(pipeline.caption(clip))
    assert not (await asyncio.wait([journey], timeout=1))[0]
    monkeypatch.setattr(engine_status, "answers", lambda: False)
    await journey
    row = await Clip.objects.aget(pk=clip)
    assert (row.state, row.attempts) == (State.RECEIVED, 1)
    await Clip.objects.filter(pk=clip).aupdate(lease_until=None)
    hears.set()
    await pipeline.caption(clip)
    assert await state(clip) == State.CAPTIONED


async def test_a_wrong_token_is_no_verdict_on_the_clip(cast, settings):
    with speaking(SPEECH_TOKEN="right") as (address, _process):
        settings.SPEECH_URL, settings.SPEECH_TOKEN = address, "wrong"
        speech_client._client = None
        with pytest.raises(speech_client.SpeechTierUnavailable):
            await speech_client.transcribe(
                b"x", speech_client.TranscriptionRequest("c", "webm", "", 0, None, 1000), nobody
            )
        async with httpx.AsyncClient(headers={"Authorization": "Bearer right"}) as client:
            assert (await client.get(f"{address}/health")).status_code == 200


async def test_the_tier_is_told_who_speaks_so_that_speakers_take_turns(cast, settings):
    clip = await said(cast.alice, HELLO.path.read_bytes())
    asked = []
    with answering(503, b'{"success": false, "retryable": true}', asked) as address:
        settings.SPEECH_URL = address
        speech_client._client = None
        await pipeline.caption(clip)
    (query,) = asked
    assert query["speaker"] == [str(cast.alice.pk)]
    assert query["priority"] == ["final"]


@contextlib.contextmanager
def answering(status, body, asked=None):
    """A server that gives one answer to everything; `asked` gets each query."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            if asked is not None:
                asked.append(urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args):
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def _wav_of_silence() -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, [0.0] * 32_000, 16_000, format="WAV")
    return buffer.getvalue()


@pytest.mark.parametrize(("allowed", "heard"), [((), "ja"), (("en", "ja"), "ja"), (("zh", "en"), "en")])
async def test_the_model_finds_a_clip_s_language_among_those_the_room_allows(cast, tier, allowed, heard):
    contract = next(s for s in sentences("ja", exact=True) if "契約" in s.text)
    await room_settings.change(cast.alice.pk, SetRoom("週會", False, allowed))
    clip = await said(cast.alice, contract.data, language="ko")  # nobody may choose this one: it is found out
    await pipeline.caption(clip)
    line = await Caption.objects.aget(pk=clip)
    assert line.language == heard
    assert (line.text == contract.text) == (heard == "ja")


async def test_a_language_the_room_allows_is_taken_from_its_speaker_without_a_search(cast, tier):
    await room_settings.change(cast.alice.pk, SetRoom("週會", False, ("zh", "ja")))
    clip = await said(cast.alice, HELLO.data, language="zh")
    await pipeline.caption(clip)
    assert (await Caption.objects.aget(pk=clip)).text == HELLO.text


async def test_who_comes_back_with_an_hour_of_clips_keeps_nobody_waiting(monkeypatch):
    begun, go = [], asyncio.Event()

    async def held(clip):
        begun.append(clip)
        await go.wait()

    monkeypatch.setattr(pipeline, "_caption", held)
    alice, bob = uuid.uuid4(), uuid.uuid4()
    for clip in (flood := [uuid.uuid4() for _ in range(2 * pipeline.AT_ONCE)]):
        pipeline.nudge(clip, alice)
    pipeline.nudge(mine := uuid.uuid4(), bob)
    await asyncio.sleep(0.05)
    assert begun == [*flood[: pipeline.SHARE], mine]
    go.set()
    await pipeline.drain(10)
    assert set(begun) == {*flood, mine}
