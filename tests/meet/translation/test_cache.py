"""What was answered lately."""

from meet.translation.cache import KEPT_SECONDS, LONGEST, MOST, TranslationCache
from meet.translation.provider import TranslationAnswer, TranslationRequest

ASK, ANSWER = TranslationRequest("Hello", "en", "ja"), TranslationAnswer("こんにちは", "google")


def test_an_answer_is_known_for_an_hour():
    memory = TranslationCache()
    memory.keep(ASK, ANSWER, 100)
    assert memory.recall(ASK, 100 + KEPT_SECONDS - 1) == ANSWER
    assert memory.recall(ASK, 100 + KEPT_SECONDS) is None


def test_another_language_is_another_question():
    memory = TranslationCache()
    memory.keep(ASK, ANSWER, 0)
    assert memory.recall(TranslationRequest("Hello", "en", "de"), 0) is None
    assert memory.recall(TranslationRequest("Hello", "de", "ja"), 0) is None


def test_what_was_not_asked_for_the_longest_time_makes_room():
    memory = TranslationCache()
    memory.keep(ASK, ANSWER, 0)
    for n in range(MOST - 1):
        memory.keep(TranslationRequest(f"Hello {n}", "en", "ja"), ANSWER, 0)
    memory.recall(ASK, 0)
    memory.keep(TranslationRequest("one more", "en", "ja"), ANSWER, 0)
    assert memory.recall(ASK, 0) == ANSWER
    assert memory.recall(TranslationRequest("Hello 0", "en", "ja"), 0) is None


def test_a_long_text_is_not_kept():
    memory, long = TranslationCache(), TranslationRequest("a" * (LONGEST + 1), "en", "ja")
    memory.keep(long, ANSWER, 0)
    assert memory.recall(long, 0) is None
