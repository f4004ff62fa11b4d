"""Encoder window: how much silence a clip is padded with: to the full 30 s, or to the shortest bucket that fits."""

from __future__ import annotations

from speech.engines import SAMPLE_RATE, Row

PADDED = 30.0  # seconds of the window that the models learned with
BUCKETS = (10.0, 15.0, 20.0, PADDED)  # and those that cost less; below 10 s texts begin to repeat themselves
MARGIN = 2.0  # seconds of silence that a bucket leaves behind the clip


def seconds(row: Row, otherwise: str) -> float:
    """The window this row is encoded in: as it asks, `padded` or `bucketed`, or as `otherwise` says."""
    if (row.options.window or otherwise) != "bucketed":
        return PADDED
    wanted = min(PADDED, len(row.audio) / SAMPLE_RATE + MARGIN)
    return next(size for size in BUCKETS if size >= wanted)
