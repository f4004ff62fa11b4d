"""What arrived of a clip, on disk."""

import resource
import uuid

import pytest

from meet.clips import part_files
from meet.clips.part_files import RECORD, PartFile

CONNECTION = uuid.UUID(int=1)


def test_chunks_come_back_by_number(tmp_path):
    file = PartFile(tmp_path, CONNECTION)
    file.append([(1, b"one"), (0, b"zero")])

    assert part_files.read(tmp_path) == {0: b"zero", 1: b"one"}


def test_a_chunk_brought_by_two_connections_counts_once(tmp_path):
    for connection in (CONNECTION, uuid.UUID(int=2)):
        file = PartFile(tmp_path, connection)
        file.append([(0, b"same")])

    assert part_files.read(tmp_path) == {0: b"same"}


@pytest.mark.parametrize("kept", range(1, RECORD.size + 3))
def test_a_torn_record_is_left_out_and_cut_off_at_opening(tmp_path, kept):
    file = PartFile(tmp_path, CONNECTION)
    file.append([(0, b"whole"), (1, b"torn")])

    [path] = tmp_path.iterdir()
    whole = RECORD.size + len(b"whole")
    path.write_bytes(path.read_bytes()[: whole + kept])
    assert part_files.read(tmp_path) == {0: b"whole"}
    again = PartFile(tmp_path, CONNECTION)
    again.append([(1, b"again")])

    assert part_files.read(tmp_path) == {0: b"whole", 1: b"again"}


def test_a_changed_byte_ends_what_is_believed(tmp_path):
    file = PartFile(tmp_path, CONNECTION)
    file.append([(0, b"aaaa"), (1, b"bbbb")])

    [path] = tmp_path.iterdir()
    path.write_bytes(path.read_bytes().replace(b"bbbb", b"bxbb"))
    assert part_files.read(tmp_path) == {0: b"aaaa"}


def test_a_write_that_the_disk_broke_off_hides_nothing_that_comes_behind_it(tmp_path):
    file = PartFile(tmp_path, CONNECTION)
    file.append([(0, b"whole")])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (40, hard))  # as on a full disk, a part of it is written
    try:
        with pytest.raises(OSError, match=r"disk|large"):
            file.append([(1, bytes(100))])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert part_files.read(tmp_path) == {0: b"whole"}
    file.append([(1, b"again")])
    assert part_files.read(tmp_path) == {0: b"whole", 1: b"again"}


def test_nothing_arrived_was_never_heard_of(tmp_path):
    assert part_files.heard_at(tmp_path / "none") is None
    assert part_files.read(tmp_path / "none") == {}


def test_numbers_become_ranges():
    assert part_files.ranges({0, 1, 2, 5, 7, 8}) == [(0, 2), (5, 5), (7, 8)]
    assert part_files.ranges(()) == []
