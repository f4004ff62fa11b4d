"""MyMemory: what it says in the body under status 200."""

import pytest
from deep_translator import MyMemoryTranslator, constants

from meet.translation import mymemory
from meet.translation.mymemory import MyMemory
from meet.translation.provider import TranslationRefused, TranslationRequest, TranslatorUnavailable
from tests.meet.translation.servers import Response, memory

ASK = TranslationRequest("Hello", "en", "zh-Hant")
USED_UP = (
    "MYMEMORY WARNING: YOU USED ALL AVAILABLE FREE TRANSLATIONS FOR TODAY. NEXT AVAILABLE IN  11 HOURS 29 MINUTES "
    "04 SECONDS VISIT HTTPS://MYMEMORY.TRANSLATED.NET/DOC/USAGELIMITS.PHP TO TRANSLATE MORE"
)


@pytest.fixture
def server(serving):
    with serving("mymemory") as running:
        yield running


def test_its_class_takes_each_code_of_our_table():
    codes = sorted(mymemory.CODES.values())
    assert [MyMemoryTranslator(source=code, target=code).target for code in codes] == codes


def test_what_was_said_travels_encrypted():
    assert constants.BASE_URLS["MYMEMORY"].startswith("https://")


def test_it_is_asked_for_a_pair_of_languages_with_their_countries(server):
    assert MyMemory().translate(ASK) == "[zh-TW] Hello"
    assert server.asked[0].query["langpair"] == "en-US|zh-TW"


def test_quotation_marks_come_as_they_are(server):
    assert MyMemory().translate(TranslationRequest("It's me", "en", "ja")) == "[ja-JP] It's me"


@pytest.mark.parametrize("http_status", [200, 429])
@pytest.mark.parametrize("status", [200, "429", 429])
def test_a_days_quota_that_is_used_up_is_no_translation(server, http_status, status):
    told = memory(USED_UP, status)
    server.mode = Response(http_status, told.body)
    with pytest.raises(TranslationRefused) as caught:
        MyMemory().translate(ASK)
    assert caught.value.pause == 11 * 3600 + 29 * 60 + 4


def test_a_quota_said_to_be_finished_is_one(server):
    server.mode = memory("Hello there", 200, match=1, quotaFinished=True)
    with pytest.raises(TranslationRefused) as caught:
        MyMemory().translate(ASK)
    assert caught.value.pause > 0


@pytest.mark.parametrize("text", ["'XX' IS AN INVALID TARGET LANGUAGE", "QUERY LENGTH LIMIT EXCEEDED."])
def test_a_question_it_does_not_like_is_refused_and_others_are_asked(server, text):
    server.mode = memory(text, "403")
    with pytest.raises(TranslationRefused) as caught:
        MyMemory().translate(ASK)
    assert caught.value.pause == 0


def test_a_fault_of_its_own_is_one_for_later(server):
    server.mode = memory("MYMEMORY UNEXPECTED ERROR", "500")
    with pytest.raises(TranslatorUnavailable):
        MyMemory().translate(ASK)


def test_the_sentence_of_somebody_else_is_no_translation(server):
    server.mode = memory("再見", 200, match=0.4)
    with pytest.raises(TranslatorUnavailable):
        MyMemory().translate(ASK)


def test_chinese_is_counted_in_octets(server):
    MyMemory().translate(TranslationRequest("我們需要六十五個人。" * 40, "zh-Hant", "en"))
    assert all(len(request.query["q"].encode()) <= 500 for request in server.asked)
    assert "".join(request.query["q"] for request in server.asked) == "我們需要六十五個人。" * 40
