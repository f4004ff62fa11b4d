"""Translation cache: recent answers, so that a repeated line costs no request. Pure."""

from collections import OrderedDict

from meet.translation.provider import TranslationAnswer, TranslationRequest

KEPT_SECONDS = 3600.0  # about a meeting: an answer of the second choice is not kept for days
MOST = 2048  # answers
LONGEST = 500  # characters of a question: what is longer is not said twice


class TranslationCache:
    """The latest answers of one chain, whoever gave them. Time is an argument, in seconds of any steady clock.

    It lies in this process's memory alone, and failures are not kept. Used from one thread.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[TranslationRequest, tuple[float, TranslationAnswer]] = OrderedDict()

    def recall(self, ask: TranslationRequest, now: float) -> TranslationAnswer | None:
        """The answer to the same question, if it is fresh."""
        if ask not in self._kept:
            return None
        until, answer = self._kept[ask]
        if now >= until:
            del self._kept[ask]
            return None
        self._kept.move_to_end(ask)
        return answer

    def keep(self, ask: TranslationRequest, answer: TranslationAnswer, now: float) -> None:
        """Remember an answer; what was not asked for the longest time makes room."""
        if len(ask.text) > LONGEST:
            return
        self._kept[ask] = (now + KEPT_SECONDS, answer)
        self._kept.move_to_end(ask)
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)
