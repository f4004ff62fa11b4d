"""What may come in that should not, row by row: through the running product, while somebody else is in the room.

Each row has an answer to whoever sent it, a state with its reason where there is a clip, and a bystander who notices
nothing.
"""

import asyncio
import contextlib
import io
import json
import os
import sqlite3
import time
import uuid
from dataclasses import dataclass

import av
import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed

from meet.events import CLIP_BYTES, HEADER, VERSION
from meet.simulation.speech_clips import recorded
from tests.meet.guest import Guest, joined
from tests.meeting.product import serving, until
from tests.sentences import sentences

DAY_MS = 86_400_000
SENTENCE = sentences("en", exact=True)[0]


@dataclass
class Place:
    """A running product with a room in it."""

    url: str
    slug: str
    data: object

    def row(self, clip: uuid.UUID) -> tuple[str, str] | None:
        """State and reason of a clip, as the database has them."""
        with sqlite3.connect(f"file:{self.data}/db.sqlite3?mode=ro", uri=True) as database:
            return database.execute("SELECT state, reason FROM meet_clip WHERE id = ?", [clip.hex]).fetchone()

    async def settled(self, clip: uuid.UUID) -> tuple[str, str]:
        """State and reason, once the clip has come to its end."""
        until_then = time.monotonic() + 60
        while (row := self.row(clip)) is None or row[0] in ("receiving", "received"):
            assert time.monotonic() < until_then, row
            await asyncio.sleep(0.1)
        return row


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """The product, its engine ready, and a room."""
    data = tmp_path_factory.mktemp("product")
    with serving(data) as product:
        until(lambda: product.answers("/healthz"), 90, lambda: product.output)

        async def made() -> str:
            maker = Guest(product.address, "Maker")
            slug = await maker.make_room("Open to all")
            await maker.leave()
            return slug

        yield Place(product.address, asyncio.run(made()), data)


@pytest.fixture
async def people(place):
    """Mallory, who sends, and Betty, who is merely there: afterwards she has seen no error, and is still answered."""
    async with joined(place.url, place.slug, "Betty") as betty, joined(place.url, place.slug, "Mallory") as mallory:
        await betty.hears("members")
        yield mallory, betty
        assert await betty.is_answered_without_delay()
        assert not [event for event in betty.heard if event["type"] in ("error", "clip_refused")]


@pytest.fixture(scope="module")
def webm():
    """A sentence as MediaRecorder gives it."""
    return recorded(SENTENCE.audio, 0.25)


def three_hours() -> list[bytes]:
    """Three hours of silence in few bytes: FLAC, in chunks."""
    sink = io.BytesIO()
    with av.open(sink, "w", format="flac") as container:
        stream = container.add_stream("flac", rate=8000, layout="mono")
        quiet = np.zeros((1, 8000 * 60), np.int16)
        for minute in range(180):
            frame = av.AudioFrame.from_ndarray(quiet, format="s16", layout="mono")
            frame.sample_rate, frame.pts = 8000, minute * quiet.size
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    whole = sink.getvalue()
    return [whole[at : at + 60_000] for at in range(0, len(whole), 60_000)]


async def test_bytes_that_are_no_audio(place, people):
    mallory, _betty = people
    clip = uuid.uuid4()
    await mallory.record(clip, os.urandom(20_000), os.urandom(20_000))
    assert (await mallory.hears("gap", clip=str(clip)))["reason"] == "undecodable"
    assert await place.settled(clip) == ("failed", "undecodable")


async def test_a_header_without_a_body(place, people, webm):
    mallory, _betty = people
    clip = uuid.uuid4()
    header = b"".join(webm)[:180]
    await mallory.record(clip, header)
    assert (await mallory.hears("gap", clip=str(clip)))["reason"] == "undecodable"
    assert await place.settled(clip) == ("failed", "undecodable")


async def test_a_truncated_webm_is_heard_as_far_as_it_goes(place, people, webm):
    mallory, betty = people
    clip = uuid.uuid4()
    whole = b"".join(webm)
    await mallory.record(clip, whole[: len(whole) - 700])
    assert (await betty.hears("caption", clip=str(clip)))["text"]
    assert await place.settled(clip) == ("captioned", "")


async def test_an_empty_clip(place, people):
    mallory, _betty = people
    clip = uuid.uuid4()
    await mallory.record(clip)
    await mallory.hears("clip_ack", clip=str(clip))
    assert await place.settled(clip) == ("silent", "empty")


async def test_three_hours_in_one_clip(place, people):
    mallory, _betty = people
    clip = uuid.uuid4()
    await mallory.record(clip, *three_hours(), mime="audio/flac")
    assert (await mallory.hears("gap", clip=str(clip)))["reason"] == "too_long"
    assert await place.settled(clip) == ("failed", "too_long")


async def test_more_bytes_than_a_clip_may_have(place, people):
    mallory, _betty = people
    clip = uuid.uuid4()
    await mallory.start(clip)
    answers = []
    for number in range(CLIP_BYTES // 60_000 + 1):
        await mallory.chunk(clip, number, bytes(60_000))
        answers.append(await mallory.hears("chunk_ack", "clip_refused", clip=str(clip)))
    assert [answer.get("code") for answer in answers] == [None] * (CLIP_BYTES // 60_000) + ["clip_too_large"]


async def test_a_type_that_is_not_what_it_is(place, people, webm):
    mallory, betty = people
    clip = uuid.uuid4()
    await mallory.record(clip, *webm, mime="audio/mp4;codecs=mp4a.40.2")
    assert (await betty.hears("caption", clip=str(clip)))["text"] == SENTENCE.text


async def test_a_type_that_is_no_sound(place, people):
    mallory, _betty = people
    clip = uuid.uuid4()
    await mallory.start(clip, mime="text/html")
    assert (await mallory.hears("clip_refused", clip=str(clip)))["code"] == "bad_type"
    assert place.row(clip) is None


async def test_chunks_out_of_order_and_twice(place, people, webm):
    mallory, betty = people
    clip = uuid.uuid4()
    await mallory.start(clip)
    for number in [*reversed(range(len(webm))), *range(0, len(webm), 2)]:
        await mallory.chunk(clip, number, webm[number])
    await mallory.end(clip, len(webm))
    assert (await betty.hears("caption", clip=str(clip)))["text"] == SENTENCE.text
    assert await place.settled(clip) == ("captioned", "")


async def test_a_clip_of_somebody_else(place, people, webm):
    mallory, betty = people
    clip = uuid.uuid4()
    await betty.start(clip)
    await betty.hears("held", clip=str(clip))
    await mallory.start(clip)
    assert (await mallory.hears("clip_refused", clip=str(clip)))["code"] == "not_yours"
    await mallory.chunk(clip, 0, b"mine now")
    assert (await mallory.hears("error", clip=str(clip)))["code"] == "unknown_clip"
    for number, data in enumerate(webm):
        await betty.chunk(clip, number, data)
    await betty.end(clip, len(webm))
    assert (await betty.hears("caption", clip=str(clip)))["text"] == SENTENCE.text


@pytest.mark.parametrize(
    ("started_at", "code"),
    [(0, "too_old"), (lambda: time.time() * 1000 + 365 * DAY_MS, "in_future"), (2**53, "bad_time")],
)
async def test_a_start_in_1970_or_next_year_or_at_no_time(place, people, started_at, code):
    mallory, _betty = people
    clip = uuid.uuid4()
    await mallory.start(clip, started_at=started_at() if callable(started_at) else started_at)
    assert (await mallory.hears("clip_refused", clip=str(clip)))["code"] == code
    assert place.row(clip) is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("<html>", "bad_json"),
        ("[" * 30_000, "bad_json"),
        ("[1, 2]", "unknown_event"),
        ('{"type": ["message"]}', "unknown_event"),
        ('{"type": "clip_start", "clip": 7}', "bad_field"),
        (json.dumps({"type": "message", "id": "x", "text": "y"}), "bad_field"),
        ('{"type": "ping", "sent_at": 1e999}', "bad_field"),
        (b"\x01 no header", "bad_frame"),
        (HEADER.pack(9, uuid.UUID(int=7).bytes, 0) + b"x", "bad_frame"),
        (HEADER.pack(VERSION, uuid.UUID(int=7).bytes, 2**32 - 1) + b"x", "bad_frame"),
        ("x" * 70_000, "too_large"),
    ],
    ids=lambda value: str(value)[:12],
)
async def test_what_is_no_event_of_ours(people, text, code):
    mallory, _betty = people
    await mallory.socket.send(text)
    assert (await mallory.hears("error"))["code"] == code
    await mallory.answers()


async def test_a_frame_of_ten_megabytes_ends_its_connection(people):
    mallory, _betty = people
    with contextlib.suppress(ConnectionClosed):
        await mallory.socket.send(bytes(10 * 1024 * 1024))
    assert await mallory.closed() == 1009  # RFC 6455: too big


async def test_a_flood_of_frames_ends_its_connection(place, people):
    mallory, betty = people
    clip = uuid.uuid4()
    await mallory.start(clip)
    with contextlib.suppress(ConnectionClosed):
        for number in range(2000):
            await mallory.chunk(clip, number, bytes(60_000))
            await asyncio.sleep(0)  # whoever never stops to write never reads that it is closed
    assert await mallory.closed() == 4413
    assert mallory.errors()[-1] == "too_much"
    assert await betty.is_answered_without_delay()


async def test_a_flood_that_waits_for_each_answer_ends_its_connection(place, people):
    """The server is done with each frame before the next one comes: its queue stays empty."""
    mallory, betty = people
    stranger = uuid.uuid4()
    with contextlib.suppress(ConnectionClosed):
        for number in range(2000):
            await mallory.chunk(stranger, number, bytes(60_000))
            if (await mallory.hears("error"))["code"] == "too_much":
                break
    assert await mallory.closed() == 4413
    assert mallory.errors()[-1] == "too_much"
    assert await betty.is_answered_without_delay()


async def test_a_room_that_is_not_there(place):
    nobody = Guest(place.url, "Nobody")
    try:
        for slug in ("nowhere-aaaaaaaaaaaaaaaa", "..%2F..%2Fetc", "%00", "x" * 5000):
            assert not await nobody.finds(slug)
    finally:
        await nobody.leave()


async def test_names_with_markup_line_breaks_and_bidi_controls_are_shown_plain(place):
    async with joined(place.url, place.slug, "<b>Eve</b>\n\u202eevil\u2066\x07") as eve:
        members = (await eve.hears("members"))["members"]
    assert "<b>Eve</b> evil" in [member["name"] for member in members]


async def test_messages_with_markup_line_breaks_and_bidi_controls_are_shown_plain(people):
    mallory, betty = people
    await mallory.say("message", id=str(uuid.uuid4()), text="<script>alert(1)</script>\n\u202eevil\x07")
    assert (await betty.hears("message"))["text"] == "<script>alert(1)</script>\nevil"


async def test_a_display_name_of_ten_thousand_characters(place):
    long = Guest(place.url, "Long")
    try:
        status, words = await long.tries_to_join(place.slug, "x" * 10_000)
    finally:
        await long.leave()
    assert status == 400
    assert "at most 40 characters" in words


async def test_after_all_this_a_sentence_is_captioned_to_the_letter(place, people, webm):
    mallory, betty = people
    clip = uuid.uuid4()
    await betty.record(clip, *webm)
    assert (await mallory.hears("caption", clip=str(clip)))["text"] == SENTENCE.text
