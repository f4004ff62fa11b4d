"""Google Translate, through deep-translator: no key, and limits nobody publishes."""

from typing import Any

from deep_translator import google as library
from deep_translator.exceptions import LanguageNotSupportedException, NotValidLength

from meet.translation.provider import Ask, Refused, Unavailable, sensible
from meet.translation.web import Web

library.requests = Web()

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

    def translate(self, ask: Ask) -> str:
        """The text in the other language. Raises Unavailable or Refused."""
        try:
            answer: Any = library.GoogleTranslator(CODES[ask.source], CODES[ask.target]).translate(ask.text)
        except (NotValidLength, LanguageNotSupportedException) as error:
            raise Refused(self.name, type(error).__name__) from None
        except Exception as error:
            # its errors hold the sentence: only their names go on
            raise Unavailable(self.name, type(error).__name__) from None
        return sensible(self.name, ask, answer)
