"""What a clip can do to the process that decodes it. Stands in for `intake.take` there: no real clip is this bad."""

import os
import time

from speech.audio.decode_pool import DecodedSound, DecodeOrder, take


def ends(data: bytes, order: DecodeOrder) -> DecodedSound:
    """A decoder that crashes on clips of one byte."""
    if len(data) == 1:
        os._exit(9)
    return take(data, order)


def hangs(data: bytes, order: DecodeOrder) -> DecodedSound:
    """A decoder that never comes back from clips of one byte."""
    if len(data) == 1:
        time.sleep(600)
    return take(data, order)


def takes_two_seconds(data: bytes, order: DecodeOrder) -> DecodedSound:
    """A decoder on a slow machine."""
    time.sleep(2)
    return take(data, order)


def takes_a_moment(data: bytes, order: DecodeOrder) -> DecodedSound:
    """A decoder that is slower than clips come."""
    time.sleep(0.05)
    return take(data, order)
