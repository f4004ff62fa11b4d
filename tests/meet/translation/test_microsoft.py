"""Microsoft, as it is asked."""

import pytest

from meet.translation.http_session import DENIED_SECONDS
from meet.translation.microsoft import Microsoft
from meet.translation.provider import TranslationRefused, TranslationRequest
from tests.meet.translation.servers import KEY, said


@pytest.fixture
def server(serving):
    with serving("microsoft") as running:
        yield running


@pytest.mark.parametrize(
    ("tag", "code"), [("zh-Hant", "zh-Hant"), ("zh-Hans", "zh-Hans"), ("no", "nb"), ("sr", "sr-Cyrl")]
)
def test_it_is_asked_by_its_own_codes(server, tag, code):
    assert Microsoft(KEY).translate(TranslationRequest("Hello", "en", tag)) == f"[{code}] Hello"


def test_a_sentence_costs_one_request(server):
    Microsoft(KEY).translate(TranslationRequest("Hello", "en", "zh-Hant"))
    assert [(request.method, request.path) for request in server.asked] == [("POST", "/translate")]
    assert server.asked[0].json == [{"text": "Hello"}]


@pytest.mark.parametrize(("region", "header"), [("eastasia", "eastasia"), ("", None)])
def test_the_region_is_told_where_there_is_one(server, region, header):
    Microsoft(KEY, region).translate(TranslationRequest("Hello", "en", "ja"))
    assert server.asked[0].headers.get("Ocp-Apim-Subscription-Region") == header


def test_a_free_quota_that_is_used_up_is_not_tried_with_every_sentence(server):
    server.mode = said({"error": {"code": 403001, "message": "exceeded its free quota"}}, 403)
    with pytest.raises(TranslationRefused) as caught:
        Microsoft(KEY).translate(TranslationRequest("Hello", "en", "ja"))
    assert caught.value.pause == DENIED_SECONDS
