"""LibreTranslate, on a machine of one's own or a public one, through deep-translator."""

from collections.abc import Mapping

from deep_translator import libre as library

from meet.translation import chinese_scripts
from meet.translation.http_session import HttpSession, Reply
from meet.translation.provider import TranslationRequest, names_only, sensible
from meet.translation.text_splitting import joined, pieces

MOST = 2000  # characters: what public servers take at once

# deep-translator knows one Chinese here, and the server's `zh` is Simplified.
_SAME = "en ja ko ar fr de hi id ga it pl pt ru es tr vi"
CODES = {"zh-Hant": "zh", "zh-Hans": "zh"} | {tag: tag for tag in _SAME.split()}
_NO_KEY = "none"  # the class refuses to be made without a key; this one is never sent


class _Web(HttpSession):
    def post(self, url: str, params: Mapping[str, str]) -> Reply:
        """Ask in the body: what stands in an address ends up in the logs of every server on the way."""
        return self.ask("POST", url, data={k: v for k, v in params.items() if (k, v) != ("api_key", _NO_KEY)})


library.requests = _Web("libre")


class Libre:
    """A LibreTranslate server at `url`."""

    name = "libre"

    def __init__(self, url: str, key: str = "") -> None:
        self._url = url.rstrip("/") + "/"
        self._key = key or _NO_KEY

    def speaks(self, source: str, target: str) -> bool:
        """Whether deep-translator's table of its languages has both."""
        return source in CODES and target in CODES

    def translate(self, ask: TranslationRequest) -> str:
        """The text in the other language. Raises TranslatorUnavailable or TranslationRefused."""
        text = chinese_scripts.to_simplified(ask.text) if ask.source in chinese_scripts.CHINESE else ask.text
        with names_only(self.name):
            translator = library.LibreTranslator(
                CODES[ask.source], CODES[ask.target], api_key=self._key, custom_url=self._url
            )
            answer = joined(map(translator.translate, pieces(text, MOST)), ask.target)
        return sensible(self.name, ask, answer)
