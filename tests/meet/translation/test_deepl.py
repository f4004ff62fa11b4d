"""DeepL, as it is asked since it takes neither GET nor a key in the address."""

import pytest

from meet.translation.deepl import DeepL
from meet.translation.http_session import DENIED_SECONDS
from meet.translation.provider import TranslationRefused, TranslationRequest
from tests.meet.translation import servers
from tests.meet.translation.servers import KEY, said


@pytest.fixture
def server(serving):
    with serving("deepl") as running:
        yield running


@pytest.mark.parametrize(
    ("source", "target", "codes"),
    [
        ("en", "zh-Hant", ("EN", "ZH-HANT")),
        ("zh-Hant", "zh-Hans", ("ZH", "ZH-HANS")),
        ("zh-Hant", "en", ("ZH", "EN-US")),
        ("ja", "no", ("JA", "NB")),
    ],
)
def test_it_is_asked_by_its_own_codes(server, source, target, codes):
    assert DeepL(KEY).translate(TranslationRequest("Hello", source, target)) == f"[{codes[1]}] Hello"
    assert (server.asked[0].json["source_lang"], server.asked[0].json["target_lang"]) == codes


def test_a_paid_key_and_a_free_one_are_good_at_two_addresses(server, monkeypatch):
    DeepL(KEY).translate(TranslationRequest("Hello", "en", "ja"))
    monkeypatch.setattr(servers, "KEY", "sesame:fx")
    DeepL("sesame:fx").translate(TranslationRequest("Hello", "en", "ja"))
    assert [request.path for request in server.asked] == ["/paid/v2/translate", "/free/v2/translate"]


def test_a_quota_that_is_used_up_is_not_tried_with_every_sentence(server):
    server.mode = said({"message": "Quota Exceeded"}, 456)
    with pytest.raises(TranslationRefused) as caught:
        DeepL(KEY).translate(TranslationRequest("Hello", "en", "ja"))
    assert caught.value.pause == DENIED_SECONDS
