"""Time stamps among tokens: the segments that they bound."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from speech.engines import Segment

SECONDS_A_STAMP = 0.02


def segments(
    tokens: Sequence[int], first_stamp: int, decode: Callable[[list[int]], str], seconds: float
) -> tuple[Segment, ...]:
    """Text between the time stamps in the tokens of a clip of so many seconds; without any, one for the whole."""
    found: list[Segment] = []
    start, words = 0.0, list[int]()
    for token in [*tokens, first_stamp + round(seconds / SECONDS_A_STAMP)]:
        if token < first_stamp:
            words.append(token)
            continue
        at = min(seconds, (token - first_stamp) * SECONDS_A_STAMP)
        if text := decode(words).strip():
            found.append(Segment(round(start, 3), round(max(start, at), 3), text))
        start, words = at, []
    return tuple(found)
