"""MyMemory, through deep-translator: no key, and so many characters a day for each address on the internet."""

import html
import re
from collections.abc import Mapping
from typing import Any

from deep_translator import mymemory as library

from meet.translation.http_session import DENIED_SECONDS, OK, PageSession, Reply, failure
from meet.translation.provider import (
    TranslationRefused,
    TranslationRequest,
    TranslatorUnavailable,
    names_only,
    sensible,
)
from meet.translation.text_splitting import joined, octets, pieces

MOST_OCTETS = 480  # it takes 500; deep-translator counts characters, and fewer than 500 of them

_CHINESE = {"zh-Hant": "zh-TW", "zh-Hans": "zh-CN"}
# where its code is a language with a country
_COUNTRIES = """
    en-US ja-JP ko-KR af-ZA am-ET ar-SA as-IN az-AZ be-BY bg-BG bn-IN bs-BA ca-ES cs-CZ cy-GB da-DK de-DE el-GR es-ES
    et-EE eu-ES fa-IR fi-FI fr-FR gl-ES gu-IN he-IL hi-IN hr-HR hu-HU hy-AM id-ID is-IS it-IT ka-GE kk-KZ km-KH kn-IN
    lo-LA lt-LT lv-LV mk-MK ml-IN mn-MN mr-IN ms-MY mt-MT my-MM ne-NP nl-NL nn-NO pa-IN pl-PL ps-PK pt-PT ro-RO ru-RU
    si-LK sk-SK sl-SI so-SO sq-AL sv-SE sw-KE ta-IN te-IN tg-TJ th-TH tl-PH tr-TR uk-UA ur-PK uz-UZ vi-VN yo-NG
"""
CODES = _CHINESE | {"no": "nb-NO"} | {code.split("-")[0]: code for code in _COUNTRIES.split()}

# deep-translator asks in plain HTTP: what was said would lie open on the way
library.BASE_URLS["MYMEMORY"] = "https://api.mymemory.translated.net/get"

_NEXT = re.compile(r"NEXT AVAILABLE IN\s+(\d+) HOURS?\s+(\d+) MINUTES?\s+(\d+) SECONDS?")
_NOTICES = ("MYMEMORY WARNING", "[MYMEMORY", "QUERY LENGTH LIMIT")
_NOT_LIKED, _TOO_MANY = 403, 429
_ALIKE = 0.6  # of what it remembers of others: machine translation counts 0.85, less than this is another sentence


class _Web(PageSession):
    def get(self, url: str, params: Mapping[str, str], proxies: Mapping[str, str] | None = None) -> Reply:
        """As `requests.get`. What is wrong stands in the body, often with status 200."""
        reply = self.ask("GET", url, params=dict(params), take=(_NOT_LIKED, _TOO_MANY))
        try:
            body = reply.json()
        except ValueError:
            if reply.status_code == OK:
                raise
            raise failure(MyMemory.name, reply.status_code, reply.retry_after) from None
        _look(reply, body)
        return reply


def _look(reply: Reply, body: Mapping[str, Any]) -> None:
    """Raises what an answer means that is no translation."""
    given = body.get("responseData") or {}
    text = str(given.get("translatedText") or "")
    if used_up := _NEXT.search(text) or _NEXT.search(str(body.get("responseDetails", ""))):
        hours, minutes, rest = map(int, used_up.groups())
        raise TranslationRefused(MyMemory.name, "the day's quota is used up", hours * 3600 + minutes * 60 + rest)
    if body.get("quotaFinished") is True:
        raise TranslationRefused(MyMemory.name, "the day's quota is used up", DENIED_SECONDS)
    status = max(reply.status_code, int(body.get("responseStatus", OK)))  # a number, or one in quotation marks
    if status == _NOT_LIKED:
        raise TranslationRefused(MyMemory.name, "status 403")  # of this question: its length, its languages
    if status != OK:
        raise failure(MyMemory.name, status, reply.retry_after)
    if text.startswith(_NOTICES) or float(given.get("match", 1)) < _ALIKE:
        raise TranslatorUnavailable(MyMemory.name, "something else for an answer")


library.requests = _Web("mymemory")


class MyMemory:
    """MyMemory's public translation memory, machine translation where it has nothing."""

    name = "mymemory"

    def speaks(self, source: str, target: str) -> bool:
        """Whether it knows both languages."""
        return source in CODES and target in CODES

    def translate(self, ask: TranslationRequest) -> str:
        """The text in the other language. Raises TranslatorUnavailable or TranslationRefused."""
        with names_only(self.name):
            translator = library.MyMemoryTranslator(CODES[ask.source], CODES[ask.target])
            answer = joined(map(translator.translate, pieces(ask.text, MOST_OCTETS, octets)), ask.target)
        # it answers in HTML's way of writing quotation marks
        return sensible(self.name, ask, html.unescape(answer))
