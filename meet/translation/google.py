"""Google Translate, through deep-translator: no key, and limits nobody publishes."""

from deep_translator import google as library

from meet.translation.http_session import PageSession
from meet.translation.provider import TranslationRequest, names_only, sensible
from meet.translation.text_splitting import joined, octets, pieces

MOST_OCTETS = 4500  # the text stands in the address, each octet as three: servers take some 16,000

library.requests = PageSession("google")

# Its codes where they differ from the tags, and the languages whose code is their tag.
_DIFFERENT = {"zh-Hant": "zh-TW", "zh-Hans": "zh-CN", "he": "iw", "nn": "no"}
_SAME = """
    en ja ko af am ar as az be bg bn bs ca cs cy da de el es et eu fa fi fr gl gu ha hi hr ht hu hy id is it jw ka kk
    km kn la lb ln lo lt lv mg mi mk ml mn mr ms mt my ne nl no pa pl ps pt ro ru sa sd si sk sl sn so sq sr su sv sw
    ta te tg th tk tl tr tt uk ur uz vi yi yo
"""
CODES = _DIFFERENT | {tag: tag for tag in _SAME.split()}


class Google:
    """Google Translate's page for small devices, as deep-translator reads it."""

    name = "google"

    def speaks(self, source: str, target: str) -> bool:
        """Whether its page knows both languages."""
        return source in CODES and target in CODES

    def translate(self, ask: TranslationRequest) -> str:
        """The text in the other language. Raises TranslatorUnavailable or TranslationRefused."""
        with names_only(self.name):
            translator = library.GoogleTranslator(CODES[ask.source], CODES[ask.target])
            answer = joined(map(translator.translate, pieces(ask.text, MOST_OCTETS, octets)), ask.target)
        return sensible(self.name, ask, answer)
