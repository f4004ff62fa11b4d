"""The vocabulary of the socket."""

import json
import re
import uuid
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meet import events
from meet.events import BadEvent, Chunk, ClipStart

FIXTURE = json.loads((Path(__file__).parents[1] / "fixtures/events.json").read_text(encoding="utf-8"))
CLIP = uuid.UUID("5b0c8f1e-0a57-4f0e-9f2c-6a1d2c3b4a59")


def test_the_fixture_shows_every_event_once():
    assert set(FIXTURE["client"]) == set(events.CLIENT_TYPES)
    assert set(FIXTURE["server"]) == set(events.SERVER_TYPES)


@pytest.mark.parametrize("kind", FIXTURE["client"])
def test_every_client_event_of_the_fixture_is_understood(kind):
    parsed = events.parse(json.dumps(FIXTURE["client"][kind]))
    snake = re.sub(r"(?<!^)(?=[A-Z])", "_", type(parsed).__name__).lower()
    assert snake.removesuffix("_request").removeprefix("chat_") == kind


@pytest.mark.parametrize("kind", FIXTURE["server"])
def test_every_server_event_of_the_fixture_is_what_encode_makes(kind):
    fields = {key: value for key, value in FIXTURE["server"][kind].items() if key != "type"}
    assert json.loads(events.encode(kind, **fields)) == FIXTURE["server"][kind]


def test_an_unknown_event_is_not_sent():
    with pytest.raises(ValueError, match="no event"):
        events.encode("nonsense")


def test_a_clip_start_carries_its_times_and_language():
    event = events.parse(json.dumps(FIXTURE["client"]["clip_start"]))
    assert isinstance(event, ClipStart)
    assert (event.number, event.keep_from, event.language) == (7, 640, "zh")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "bad_json"),
        ("{", "bad_json"),
        ("[" * 50_000, "bad_json"),
        ("[]", "unknown_event"),
        ('"clip_start"', "unknown_event"),
        ('{"type": 7}', "unknown_event"),
        ('{"type": "snapshott"}', "unknown_event"),
        ('{"type": "ping"}', "bad_field"),
        ('{"type": "ping", "sent_at": true}', "bad_field"),
        ('{"type": "ping", "sent_at": NaN}', "bad_field"),
        ('{"type": "message", "id": "x", "text": "hello"}', "bad_field"),
        (json.dumps({"type": "message", "id": str(CLIP), "text": "x" * 2001}), "bad_field"),
        (
            json.dumps({"type": "clip_end", "clip": str(CLIP), "chunks": -1, "keep_to": None, "reason": "stop"}),
            "bad_field",
        ),
        (json.dumps({"type": "clip_end", "clip": str(CLIP), "chunks": 1, "keep_to": None, "reason": "x"}), "bad_field"),
        (json.dumps({"type": "message", "id": str(CLIP), "text": "\0"}), "bad_field"),
        (json.dumps({"type": "message", "id": str(CLIP), "text": "half a pair \ud83d"}), "bad_field"),
        ("x" * (events.MESSAGE_BYTES + 1), "too_large"),
    ],
)
def test_what_is_no_event_of_ours_is_refused_with_a_code(text, code):
    with pytest.raises(BadEvent) as refused:
        events.parse(text)
    assert refused.value.code == code


def test_a_frame_is_a_header_and_a_chunk():
    frame = events.HEADER.pack(1, CLIP.bytes, 3) + b"opus"
    assert events.parse_frame(frame) == Chunk(CLIP, 3, b"opus")


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"\x01",
        events.HEADER.pack(1, CLIP.bytes, 0),
        events.HEADER.pack(2, CLIP.bytes, 0) + b"x",
        events.HEADER.pack(1, CLIP.bytes, 10_000) + b"x",
        bytes(events.MESSAGE_BYTES + 1),
    ],
)
def test_a_frame_without_header_body_or_measure_is_refused(frame):
    with pytest.raises(BadEvent):
        events.parse_frame(frame)


@given(st.text())
def test_any_text_is_an_event_or_refused(text):
    try:
        events.parse(text)
    except BadEvent as refused:
        assert refused.code


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_any_field_is_taken_or_refused(value):
    for kind, example in FIXTURE["client"].items():
        for name in example:
            try:
                events.parse(json.dumps({**example, "type": kind, name: value}))
            except BadEvent as refused:
                assert refused.code


@given(st.binary(max_size=100))
def test_any_bytes_are_a_frame_or_refused(data):
    try:
        assert events.parse_frame(data).data
    except BadEvent as refused:
        assert refused.code
