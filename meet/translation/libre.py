"""LibreTranslate, on a machine of one's own or a public one, through deep-translator."""

from collections.abc import Mapping
from typing import Any

import requests
from deep_translator import libre as library
from deep_translator.exceptions import AuthorizationException, LanguageNotSupportedException, ServerException

from meet.translation import scripts
from meet.translation.provider import Ask, Refused, Unavailable, sensible
from meet.translation.web import Web

# deep-translator knows one Chinese here, and the server's `zh` is Simplified.
_SAME = "en ja ko ar fr de hi id ga it pl pt ru es tr vi"
CODES = {"zh-Hant": "zh", "zh-Hans": "zh"} | {tag: tag for tag in _SAME.split()}
_NO_KEY = "none"  # the class refuses to be made without a key; this one is never sent


class _Web(Web):
    def post(self, url: str, params: Mapping[str, str]) -> requests.Response:
        return super().post(url, {k: v for k, v in params.items() if (k, v) != ("api_key", _NO_KEY)})


library.requests = _Web()


class Libre:
    """A LibreTranslate server at `url`."""

    name = "libre"

    def __init__(self, url: str, key: str = "") -> None:
        self._url = url.rstrip("/") + "/"
        self._key = key or _NO_KEY

    def speaks(self, source: str, target: str) -> bool:
        """Whether deep-translator's table of its languages has both."""
        return source in CODES and target in CODES

    def translate(self, ask: Ask) -> str:
        """The text in the other language. Raises Unavailable or Refused."""
        text = scripts.to_simplified(ask.text) if ask.source in scripts.CHINESE else ask.text
        try:
            answer: Any = library.LibreTranslator(
                CODES[ask.source], CODES[ask.target], api_key=self._key, custom_url=self._url
            ).translate(text)
        except (AuthorizationException, LanguageNotSupportedException) as error:
            raise Refused(self.name, type(error).__name__) from None
        except ServerException as error:
            # 400: this server lacks the language, or wants a key; anything else passes
            if error.args[0] == ServerException.errors[400]:
                raise Refused(self.name, "status 400") from None
            raise Unavailable(self.name, type(error).__name__) from None
        except Exception as error:
            # its errors hold the sentence and the key: only their names go on
            raise Unavailable(self.name, type(error).__name__) from None
        return sensible(self.name, ask, answer)
