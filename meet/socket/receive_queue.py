"""Receive queue of a WebSocket: frames in order, bounded by bytes; a connection over the bound is closed."""

import asyncio
from collections import deque

from meet.socket.flood_limit import FloodDetected, cost


class ReceiveQueue:
    """Text messages one at a time; audio frames that follow one another together, for they go to disk together."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._waiting: deque[str | bytes] = deque()
        self._something = asyncio.Event()
        self._closed = False

    def put(self, message: str | bytes) -> None:
        """Add what came. Raises FloodDetected where more waits than may wait."""
        self._bytes += cost(message)
        if self._bytes > self._most_bytes:
            raise FloodDetected(f"More than {self._most_bytes} bytes wait.", self._most_bytes)
        self._waiting.append(message)
        self._something.set()

    def close(self) -> None:
        """Nothing more will come: what waits is still given out, then None."""
        self._closed = True
        self._something.set()

    async def take(self) -> str | list[bytes] | None:
        """The next text, or the next frames; None at the end."""
        while not self._waiting:
            if self._closed:
                return None
            self._something.clear()
            await self._something.wait()
        message = self._waiting.popleft()
        self._bytes -= cost(message)
        if isinstance(message, str):
            return message
        frames = [message]
        while self._waiting and isinstance(frame := self._waiting[0], bytes):
            self._waiting.popleft()
            self._bytes -= cost(frame)
            frames.append(frame)
        return frames
