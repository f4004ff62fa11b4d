"""speech.queue.retries: texts that look wrong are decoded again after live finals, while a line can wait."""

from __future__ import annotations

from speech.queue.retries import LIVE_SECONDS, TOGETHER, TOLD_SECONDS, Retries
from speech.queue.turns import FILE_SECONDS, Priority

FINAL, PARTIAL, FILE = Priority.FINAL, Priority.PARTIAL, Priority.FILE


def queue(*waiting: tuple[str, Priority, float]) -> Retries[str]:
    retries: Retries[str] = Retries()
    for name, priority, since in waiting:
        retries.add(name, priority, since)
    return retries


def test_a_retry_waits_while_a_live_final_waits():
    retries = queue(("line", FINAL, 0.0))
    assert retries.take(8, 1.0, FINAL) == []
    assert len(retries) == 1
    assert retries.take(8, 1.0, PARTIAL) == ["line"]
    assert not len(retries)


def test_live_lines_go_before_files_and_the_earliest_first():
    retries = queue(("file", FILE, 0.0), ("later", FINAL, 2.0), ("earlier", FINAL, 1.0))
    assert retries.take(2, 3.0, None) == ["earlier", "later"]
    assert retries.take(2, 3.0, None) == ["file"]


def test_a_files_retry_waits_for_partials_too_until_it_is_old():
    retries = queue(("file", FILE, 0.0))
    assert retries.take(8, FILE_SECONDS - 1, PARTIAL) == []
    assert retries.take(8, FILE_SECONDS, FINAL) == ["file"]


def test_few_retries_go_in_one_call():
    retries = queue(*[(str(i), FINAL, float(i)) for i in range(6)])
    assert retries.take(8, 6.0, None) == [str(i) for i in range(TOGETHER)]
    assert retries.take(1, 6.0, None) == [str(TOGETHER)]


def test_a_live_line_that_waited_too_long_expires_and_a_file_does_not():
    retries = queue(("line", FINAL, 0.0), ("young", FINAL, 2.0), ("file", FILE, 0.0))
    assert retries.expired(LIVE_SECONDS) == []
    assert retries.expired(LIVE_SECONDS + 0.1) == ["line"]
    assert len(retries) == 2


def test_a_line_whose_first_text_was_told_waits_longer_and_after_those_that_nobody_has_seen():
    retries = queue(("unseen", FINAL, 1.0))
    retries.add("told", FINAL, 0.0, told=True)
    assert retries.take(1, 2.0, None) == ["unseen"]
    assert retries.expired(TOLD_SECONDS) == []
    assert retries.expired(TOLD_SECONDS + 0.1) == ["told"]


def test_what_is_cleared_is_given_back_once():
    retries = queue(("line", FINAL, 0.0), ("file", FILE, 0.0))
    assert retries.clear(FILE) == ["file"]
    assert retries.clear() == ["line"]
    assert retries.clear() == []
