"""What a status and a header mean."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from meet.translation.http_session import DENIED_SECONDS, HttpSession, failure, seconds
from meet.translation.provider import TranslationRefused, TranslatorUnavailable
from tests.meet.translation.servers import Response, Server


@pytest.mark.parametrize("said", ["", "soon", "-5", "1.5", "Wed, 99 Foo 2026"])
def test_a_header_that_says_nothing_is_no_pause(said):
    assert seconds(said) == 0


def test_a_date_is_so_many_seconds_from_now():
    at = datetime.now(UTC) + timedelta(seconds=100)
    assert 90 < seconds(format_datetime(at, usegmt=True)) <= 100
    assert seconds("Thu, 01 Jan 2026 00:00:00 GMT") == 0


@pytest.mark.parametrize("status", [401, 402, 403, 456])
def test_a_wrong_key_or_a_used_up_quota_is_refused_for_every_text(status):
    error = failure("deepl", status, "10")
    assert isinstance(error, TranslationRefused)
    assert error.pause == DENIED_SECONDS


@pytest.mark.parametrize("status", [302, 404, 408, 429, 500, 503])
def test_anything_else_may_pass(status):
    assert isinstance(failure("deepl", status), TranslatorUnavailable)


def test_what_is_in_a_body_is_not_sent_on_to_another_server():
    with Server(lambda _request: Response()) as other, Server(lambda _request: Response()) as server:
        server.mode = Response(307, headers={"Location": f"{other.url}/translate"})
        with pytest.raises(TranslatorUnavailable):
            HttpSession("libre").ask("POST", server.url, data={"q": "Hello"})
        assert other.asked == []
