"""speech.server.wire: what a query says of languages."""

from __future__ import annotations

import pytest

from speech.server import wire


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("", ()),
        ("zh-Hant,en,zh-Hant", ("zh", "en", "zh")),
        (" ZH_hans , ja,", ("zh", "ja")),
        ("en,ja,ja,ja,ja,ja,zh", ("ja", "ja", "ja", "ja", "zh")),
    ],
)
def test_expected_languages_keep_their_order_and_number_and_the_newest_stay(given, expected):
    assert wire.parse(b"", {"expected": given}).options.expected == expected


def test_allowed_languages_are_a_set_of_codes():
    assert wire.parse(b"", {"languages": "zh-Hant,en,zh-Hans"}).options.languages == ("en", "zh")
