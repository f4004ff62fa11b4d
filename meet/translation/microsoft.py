"""Microsoft Translator (Azure), through deep-translator."""

from collections.abc import Mapping
from typing import Any

from deep_translator import microsoft as library

from meet.translation.http_session import HttpSession, Reply
from meet.translation.provider import TranslationRequest, names_only, sensible
from meet.translation.text_splitting import joined, pieces

MOST = 10_000  # characters: it takes 50,000 at once

_DIFFERENT = {"no": "nb", "sr": "sr-Cyrl", "mn": "mn-Cyrl", "tl": "fil", "pt": "pt-pt"}
_SAME = """
    zh-Hant zh-Hans en ja ko af am ar as az ba be bg bn bo bs ca cs cy da de el es et eu fa fi fo fr gl gu ha haw he hi
    hr ht hu hy id is it ka kk km kn ku ln lo lt lv mg mi mk ml mr ms mt my ne nl pa pl ps ro ru sd si sk sl sn so sq
    su sv sw ta te tg th tk tr tt uk ur uz vi yo
"""
CODES = _DIFFERENT | {tag: tag for tag in _SAME.split() if tag not in _DIFFERENT}


class _Web(HttpSession):
    def post(
        self,
        url: str,
        params: Mapping[str, str],
        headers: Mapping[str, str],
        json: object,
        proxies: Mapping[str, str] | None = None,
    ) -> Reply:
        """As `requests.post`: languages in the address, text in the body, key in a header."""
        return self.ask("POST", url, params=dict(params), headers=dict(headers), json=json)


library.requests = _Web("microsoft")


class _Translator(library.MicrosoftTranslator):
    def _get_supported_languages(self) -> dict[str, Any]:
        """Our table: the library asks the server for its languages each time one of these is made."""
        return {code.lower(): code for code in CODES.values()}


class Microsoft:
    """Microsoft's Translator, version 3.0 of its API."""

    name = "microsoft"

    def __init__(self, key: str, region: str = "") -> None:
        self._key = key
        self._region = region or None

    def speaks(self, source: str, target: str) -> bool:
        """Whether it knows both languages."""
        return source in CODES and target in CODES

    def translate(self, ask: TranslationRequest) -> str:
        """The text in the other language. Raises TranslatorUnavailable or TranslationRefused."""
        with names_only(self.name):
            translator = _Translator(CODES[ask.source], CODES[ask.target], api_key=self._key, region=self._region)
            answer = joined(map(translator.translate, pieces(ask.text, MOST)), ask.target)
        return sensible(self.name, ask, answer)
