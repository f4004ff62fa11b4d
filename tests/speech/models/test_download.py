"""speech.models.download: a whole file or a clear word, over connections that hang, break and lie."""

from __future__ import annotations

import hashlib
import time

import pytest

from speech.models import download as downloading
from speech.models.download import Remote, download
from speech.models.source import SourceFailed
from tests.speech.models.disk import small_disk

CONTENT = bytes(range(256)) * 8192  # 2 MB
HALF = len(CONTENT) // 2
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def file(host, monkeypatch):
    """The host has the file, and nobody waits long between two tries."""
    host.files["/base.pt"] = CONTENT
    monkeypatch.setattr(downloading, "RETRY_SECONDS", 0.01)


def remote(host, sha256: str = SHA256) -> Remote:
    return Remote(f"{host.address}/base.pt", sha256, "base")


def test_whole_file_comes_and_its_progress_is_said(host, tmp_path, said):
    assert download(remote(host), tmp_path, said.append).read_bytes() == CONTENT
    assert said[0] == f"Downloading {host.address}/base.pt"
    assert said[-1] == "base: 100 % of 2 MB"


def test_broken_connection_goes_on_where_it_broke(host, tmp_path, said):
    host.cut = [HALF, 70_000]
    assert download(remote(host), tmp_path, said.append).read_bytes() == CONTENT
    assert [asked for _, asked in host.asked] == ["", f"bytes={HALF}-", f"bytes={HALF + 70_000}-"]
    assert any("going on there" in line for line in said)


def test_stalled_connection_goes_on_where_it_stopped(host, tmp_path, said):
    host.stalls = [HALF]
    assert download(remote(host), tmp_path, said.append, patience=0.5).read_bytes() == CONTENT
    assert host.asked[-1][1] == f"bytes={HALF}-"


def test_host_that_knows_no_range_sends_the_file_again(host, tmp_path, said):
    host.cut, host.ranges = [HALF], False
    assert download(remote(host), tmp_path, said.append).read_bytes() == CONTENT


def test_part_of_an_earlier_process_is_continued(host, tmp_path, said):
    (tmp_path / f"{SHA256}.download").write_bytes(CONTENT[:HALF])
    assert download(remote(host), tmp_path, said.append).read_bytes() == CONTENT
    assert host.asked == [("/base.pt", f"bytes={HALF}-")]
    assert said[0].startswith("Resuming")


def test_whole_part_of_an_earlier_process_is_not_downloaded_again(host, tmp_path, said):
    (tmp_path / f"{SHA256}.download").write_bytes(CONTENT)
    assert download(remote(host), tmp_path, said.append).read_bytes() == CONTENT
    assert len(host.asked) == 1


def test_damaged_part_of_an_earlier_process_is_downloaded_again(host, tmp_path, said):
    (tmp_path / f"{SHA256}.download").write_bytes(b"x" * HALF)
    assert download(remote(host), tmp_path, said.append).read_bytes() == CONTENT
    assert any("damaged" in line for line in said)


def test_part_longer_than_the_file_is_downloaded_again(host, tmp_path, said):
    (tmp_path / f"{SHA256}.download").write_bytes(CONTENT + b"more")
    assert download(remote(host), tmp_path, said.append).read_bytes() == CONTENT


def test_wrong_checksum_is_refused_and_leaves_nothing(host, tmp_path, said):
    with pytest.raises(SourceFailed, match="checksum") as caught:
        download(remote(host, "0" * 64), tmp_path, said.append)
    assert not caught.value.resumable
    assert list(tmp_path.iterdir()) == []


def test_connection_that_breaks_again_and_again_is_given_up_and_keeps_its_part(host, tmp_path, said):
    host.cut = [100_000] * 9
    with pytest.raises(SourceFailed, match="ended after") as caught:
        download(remote(host), tmp_path, said.append)
    assert caught.value.resumable
    assert (tmp_path / f"{SHA256}.download").read_bytes() == CONTENT[:400_000]


def test_host_that_breaks_off_without_a_byte_more_is_given_up_at_once(host, tmp_path, said):
    host.cut = [100_000, 0, 0]
    with pytest.raises(SourceFailed, match="ended after"):
        download(remote(host), tmp_path, said.append)
    assert len(host.asked) == 2


def test_host_that_does_not_answer_is_given_up(host, tmp_path, said):
    host.hangs = True
    began = time.monotonic()
    with pytest.raises(SourceFailed, match=r"did not answer within 0\.5 s") as caught:
        download(remote(host), tmp_path, said.append, patience=0.5)
    assert time.monotonic() - began < 30  # the host hangs for a minute
    assert not caught.value.resumable
    assert list(tmp_path.iterdir()) == []


def test_host_that_trickles_is_given_up(host, tmp_path, said, monkeypatch):
    monkeypatch.setattr(downloading, "SLOW_SECONDS", 0.2)
    monkeypatch.setattr(downloading, "SLOW_BYTES", len(CONTENT))
    host.pause = 0.1
    with pytest.raises(SourceFailed, match="bytes came in"):
        download(remote(host), tmp_path, said.append)


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "http://models.invalid"])
def test_host_that_is_not_there_is_named(tmp_path, said, address):
    with pytest.raises(SourceFailed, match=r"cannot be reached|did not answer"):
        download(Remote(f"{address}/base.pt", SHA256, "base"), tmp_path, said.append)


def test_answer_that_is_an_error_is_said(host, tmp_path, said):
    host.files.clear()
    with pytest.raises(SourceFailed, match="answers 404"):
        download(remote(host), tmp_path, said.append)


def test_full_disk_is_an_error_of_the_system(host, tmp_path, said):
    with small_disk(tmp_path / "disk", 512) as folder, pytest.raises(OSError, match="No space left"):
        download(remote(host), folder, said.append)
