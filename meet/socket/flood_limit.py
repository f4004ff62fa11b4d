"""Flood limit: how many bytes a participant may send, and how many of them may be useless.

Both are limits over time (see `allowance`), so it does not matter whether the server or the sender is faster. The limit
on what waits in a connection's queue (`inbox`) protects the memory of a slow server; a quick one never reaches it.
"""

import uuid

from meet.socket.rate_limit import Rate, RateLimiter

MESSAGE_COST = 128  # bytes: what a message costs beside its content, so that empty ones are not free

# All that is sent. A browser keeps at most 64 MB that it may send at once after a reconnect (journal.js), and one that
# takes over what closed pages left has several times that. Live, two recorders of uncompressed sound make 0.8 MB/s.
RECEIVED_AT_ONCE = 256 * 1024 * 1024
RECEIVED = Rate(RECEIVED_AT_ONCE, 1 / (1024 * 1024))
# What cannot be used: unreadable messages, audio of a clip that is not open, chunks that are on disk already. A browser
# sends such audio only until it hears that a clip was refused: what is in flight then, 256 KB at most.
USELESS_AT_ONCE = 1024 * 1024
USELESS = Rate(USELESS_AT_ONCE, 1 / (64 * 1024))

_received = RateLimiter(RECEIVED)
_useless = RateLimiter(USELESS)


class FloodDetected(Exception):
    """Raised when a connection sends more bytes than any browser of ours does: it has to be closed."""

    retryable = False

    def __init__(self, words: str, limit: int) -> None:
        super().__init__(words)
        self.limit = limit


def cost(message: str | bytes) -> int:
    """What a message counts for, in bytes."""
    return len(message) + MESSAGE_COST


def count_received(participant: uuid.UUID, size: int, now: float) -> None:
    """Count what a participant sent: `size` in bytes, `now` in seconds. Raises FloodDetected."""
    if _received.spend(participant, now, size):
        raise FloodDetected("More bytes than fit into this time.", RECEIVED_AT_ONCE)


def count_useless(participant: uuid.UUID, size: int, now: float) -> None:
    """Count what could not be used of it: `size` in bytes, `now` in seconds. Raises FloodDetected."""
    if _useless.spend(participant, now, size):
        raise FloodDetected("More useless bytes than fit into this time.", USELESS_AT_ONCE)
