"""Whatever a browser sends, in whatever order: each event has its answer, and what was acknowledged is on disk."""

import asyncio
import json
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meet.clips import part_files
from meet.events import CLIP_END_REASONS, HEADER, VERSION
from tests.meet.guest import Guest
from tests.meeting.product import serving, until

KINDS = sorted(json.loads((Path(__file__).parents[2] / "fixtures" / "events.json").read_text())["client"])
CLIPS = st.integers(0, 2)
NUMBERS = st.integers(0, 4)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
REPLIES = ("held", "chunk_ack", "clip_ack", "clip_refused", "error")
OURS = ("internal", "storage")  # codes that mean a fault of the server's


@dataclass
class Sent:
    """What the server should have of one clip by what was sent: the first of two chunks of one number counts."""

    id: uuid.UUID = field(default_factory=uuid.uuid4)
    held: dict[int, bytes] = field(default_factory=dict)
    open: bool = False
    chunks: int | None = None

    def whole(self) -> bool:
        return self.chunks is not None and self.held.keys() >= set(range(self.chunks))


class Browser:
    """One connection, and what it may expect."""

    def __init__(self, guest: Guest) -> None:
        self.guest = guest
        self.clips = [Sent(), Sent(), Sent()]

    async def replies(self) -> list[dict]:
        """What was answered to whatever was sent last; the line is open still."""
        sent_at, before = time.monotonic(), len(self.guest.heard)
        await self.guest.say("ping", sent_at=sent_at)
        await self.guest.hears("pong", sent_at=sent_at)
        return [event for event in self.guest.heard[before:] if event["type"] in REPLIES]

    async def start(self, which: int, number: int) -> None:
        clip = self.clips[which]
        await self.guest.start(clip.id, number=number)
        [reply] = await self.replies()
        assert reply["type"] == "held"
        assert reply["ranges"] == [list(span) for span in part_files.ranges(clip.held)]
        if not clip.open:
            clip.open, clip.chunks = True, None

    async def chunk(self, which: int, number: int, data: bytes) -> None:
        clip = self.clips[which]
        await self.guest.chunk(clip.id, number, data)
        if clip.open:
            clip.held.setdefault(number, data)
        await self._answered(clip, "chunk_ack")

    async def end(self, which: int, chunks: int, reason: str) -> None:
        clip = self.clips[which]
        await self.guest.say("clip_end", clip=str(clip.id), chunks=chunks, keep_to=None, reason=reason)
        if clip.open:
            clip.chunks = chunks
        await self._answered(clip)

    async def _answered(self, clip: Sent, *kinds: str) -> None:
        expected = [*kinds, "clip_ack"] if clip.whole() else [*kinds]
        replies = await self.replies()
        if clip.open:
            assert [reply["type"] for reply in replies] == expected
            clip.open = not clip.whole()
        else:
            assert [(reply["type"], reply.get("code")) for reply in replies] == [("error", "unknown_clip")]

    async def anything(self, what: str | bytes) -> None:
        await self.guest.socket.send(what)
        assert not [reply for reply in await self.replies() if reply.get("code") in OURS]


ACTIONS = st.one_of(
    st.tuples(st.just("start"), CLIPS, st.integers(0, 10**9)),
    st.tuples(st.just("chunk"), CLIPS, NUMBERS, st.binary(min_size=1, max_size=40)),
    st.tuples(st.just("end"), CLIPS, NUMBERS, st.sampled_from(CLIP_END_REASONS)),
    st.tuples(st.just("anything"), st.text(max_size=60) | st.binary(max_size=60)),
    st.tuples(st.just("anything"), st.binary(max_size=30).map(lambda rest: HEADER.pack(VERSION, b"?" * 16, 1) + rest)),
    st.tuples(
        st.just("anything"),
        st.builds(
            lambda kind, fields: json.dumps({**fields, "type": kind}),
            st.sampled_from(KINDS),
            st.dictionaries(st.sampled_from(["clip", "id", "text", "number", "started_at", "keep_to", "name"]), JSON),
        ),
    ),
)


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    """Where the product keeps its data, and a participant of a room in it."""
    data = tmp_path_factory.mktemp("product")
    with serving(data) as product:
        until(lambda: product.answers("/healthz"), 90, lambda: product.output)
        with asyncio.Runner() as runner:
            guest = Guest(product.address, "Anybody")
            slug = runner.run(guest.make_room("Open to all"))
            yield runner, guest, slug, data
            runner.run(guest.leave())


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(actions=st.lists(ACTIONS, max_size=25))
def test_any_sequence_of_events_is_answered_and_what_was_acknowledged_is_on_disk(room, actions):
    runner, guest, slug, data = room

    async def play() -> None:
        await guest.join(slug)
        browser = Browser(guest)
        for name, *arguments in actions:
            await getattr(browser, name)(*arguments)
        await guest.socket.close()
        for clip in browser.clips:
            assert part_files.read(data / "parts" / clip.id.hex) == clip.held

    runner.run(play())
