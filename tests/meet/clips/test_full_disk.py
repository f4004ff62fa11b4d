"""A disk that is full, really: a small file system of the test's own under the product's data."""

import subprocess
import uuid

import pytest

from meet.simulation.speech_clips import recorded
from tests.meet.guest import Guest, joined
from tests.meeting.product import serving, until
from tests.sentences import sentences

SENTENCE = sentences("en", exact=True)[0]
ROOM_KB = 64


@pytest.fixture
def small_disk(tmp_path):
    """A folder for the part files with room for 64 KB; gone afterwards."""
    parts = tmp_path / "parts"
    parts.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={ROOM_KB}k,mode=700", "tmpfs", str(parts)]
    done = subprocess.run(mount, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"a file system of the test's own cannot be mounted here: {done.stderr.strip()}")
    yield parts
    subprocess.run(["umount", "--lazy", str(parts)], check=True)


async def test_on_a_full_disk_the_speaker_is_told_and_once_there_is_room_what_is_sent_again_is_captioned(small_disk):
    clip, webm = uuid.uuid4(), recorded(SENTENCE.audio, 0.25)
    with serving(small_disk.parent) as product:
        until(lambda: product.answers("/healthz"), 90, lambda: product.output)
        maker = Guest(product.address, "Maker")
        slug = await maker.make_room("A small disk")
        await maker.leave()
        async with joined(product.address, slug, "Betty") as betty, joined(product.address, slug, "Alice") as alice:
            rubbish = small_disk / "rubbish"
            rubbish.write_bytes(bytes(ROOM_KB * 1024 - 4096))  # a page is left: no clip fits in
            await alice.start(clip)
            for number, data in enumerate(webm):
                await alice.chunk(clip, number, data)
            assert (await alice.hears("error"))["code"] == "storage"
            await alice.socket.wait_closed()
            await betty.answers()
            rubbish.unlink()
            await alice.join(slug)
            await alice.record(clip, *webm)
            assert (await betty.hears("caption", clip=str(clip)))["text"] == SENTENCE.text
