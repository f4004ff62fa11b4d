"""Temperature fallback: when a text is decoded again at higher temperatures, and which of the texts is kept. When: by
whisper.transcribe's rules; which: the best of all, where whisper.transcribe keeps the last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from speech.decoder.plan import Plan
from speech.engines import Hypothesis

TEMPERATURES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
HIGHER_TEMPERATURES = TEMPERATURES[1:]
MAX_COMPRESSION_RATIO = 2.4
MIN_LOGPROB = -1.0
MAX_NO_SPEECH = 0.6


def looks_wrong(one: Hypothesis) -> bool:
    """Whether it repeats itself, or is unsure of its words. What it takes for silence it need not be sure of."""
    unsure = one.avg_logprob < MIN_LOGPROB
    if unsure and one.no_speech_prob > MAX_NO_SPEECH:
        return False
    return unsure or one.compression_ratio > MAX_COMPRESSION_RATIO


def merit(one: Hypothesis) -> tuple[bool, float]:
    """What to choose among texts by: first that it does not repeat itself, then how likely it is."""
    return (not one.compression_ratio > MAX_COMPRESSION_RATIO, one.avg_logprob)


def chosen(first: Hypothesis, others: Sequence[Hypothesis]) -> Hypothesis:
    """The best of these texts, in the order of their temperatures; those after one that will do are not looked at."""
    best = first
    for one in others:
        if not looks_wrong(best):
            break
        best = max(best, one, key=merit)
    return best


def plan(first: Plan) -> Plan:
    """How the same row is decoded again: a text for each higher temperature, given up where it cannot reach
    `MIN_LOGPROB` any more, however sure it became of the rest."""
    return replace(first, beam=1, temperatures=HIGHER_TEMPERATURES, least=MIN_LOGPROB * (first.cap + 1))
