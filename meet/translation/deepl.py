"""DeepL, through deep-translator, whose way of asking is no longer taken: the words are its, the request is ours."""

from collections.abc import Mapping

from deep_translator import deepl as library

from meet.translation.http_session import HttpSession, Reply
from meet.translation.provider import TranslationRequest, names_only, sensible
from meet.translation.text_splitting import joined, octets, pieces

MOST_OCTETS = 100_000  # a request may have 128 KiB

_FREE = ":fx"  # how a key of the free plan ends: it is good at another address
_SAME = """
    ja ko ar bg cs da de el en es et fi fr he hu id it lt lv nl pl pt ro ru sk sl sv th tr uk vi
"""
SOURCES = {"zh-Hant": "ZH", "zh-Hans": "ZH", "no": "NB"} | {tag: tag.upper() for tag in _SAME.split()}
# a language that is written in two ways must be asked for in one of them
TARGETS = SOURCES | {"zh-Hant": "ZH-HANT", "zh-Hans": "ZH-HANS", "en": "EN-US", "pt": "PT-BR"}


class _Web(HttpSession):
    def get(self, url: str, params: Mapping[str, str]) -> Reply:
        """Ask with the text in the body and the key in a header: DeepL takes neither in an address any more."""
        return self.ask(
            "POST",
            url,
            json={
                "text": [params["text"]],
                "source_lang": params["source_lang"],
                "target_lang": params["target_lang"],
            },
            headers={"Authorization": f"DeepL-Auth-Key {params['auth_key']}"},
        )


library.requests = _Web("deepl")


class DeepL:
    """DeepL's API, free or paid, as the key says."""

    name = "deepl"

    def __init__(self, key: str) -> None:
        self._key = key

    def speaks(self, source: str, target: str) -> bool:
        """Whether it knows both languages."""
        return source in SOURCES and target in TARGETS

    def translate(self, ask: TranslationRequest) -> str:
        """The text in the other language. Raises TranslatorUnavailable or TranslationRefused."""
        with names_only(self.name):
            translator = library.DeeplTranslator(api_key=self._key, use_free_api=self._key.endswith(_FREE))
            # given after it is made: its constructor knows the languages of some years ago, and one Chinese
            translator.source, translator.target = SOURCES[ask.source], TARGETS[ask.target]
            answer = joined(map(translator.translate, pieces(ask.text, MOST_OCTETS, octets)), ask.target)
        return sensible(self.name, ask, answer)
