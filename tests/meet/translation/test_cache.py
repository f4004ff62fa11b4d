"""What was answered lately."""

from meet.translation.cache import KEPT_SECONDS, LONGEST, MOST, Memory
from meet.translation.provider import Answer, Ask

ASK, ANSWER = Ask("Hello", "en", "ja"), Answer("こんにちは", "google")


def test_an_answer_is_known_for_an_hour():
    memory = Memory()
    memory.keep(ASK, ANSWER, 100)
    assert memory.recall(ASK, 100 + KEPT_SECONDS - 1) == ANSWER
    assert memory.recall(ASK, 100 + KEPT_SECONDS) is None


def test_another_language_is_another_question():
    memory = Memory()
    memory.keep(ASK, ANSWER, 0)
    assert memory.recall(Ask("Hello", "en", "de"), 0) is None
    assert memory.recall(Ask("Hello", "de", "ja"), 0) is None


def test_what_was_not_asked_for_the_longest_time_makes_room():
    memory = Memory()
    memory.keep(ASK, ANSWER, 0)
    for n in range(MOST - 1):
        memory.keep(Ask(f"Hello {n}", "en", "ja"), ANSWER, 0)
    memory.recall(ASK, 0)
    memory.keep(Ask("one more", "en", "ja"), ANSWER, 0)
    assert memory.recall(ASK, 0) == ANSWER
    assert memory.recall(Ask("Hello 0", "en", "ja"), 0) is None


def test_a_long_text_is_not_kept():
    memory, long = Memory(), Ask("a" * (LONGEST + 1), "en", "ja")
    memory.keep(long, ANSWER, 0)
    assert memory.recall(long, 0) is None
