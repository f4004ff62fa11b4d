"""A language model's server on loopback, as llama.cpp's: one thing at a time, token by token, misbehaving as told.

`mode` is `ok`, `hang` (takes a request and says nothing), `stall` (begins and then says nothing), `cut` (hangs up in
the middle), `joined` (two lines of several as one), `prose` (no numbers), `note` (a remark behind the lines), `echo`.
"""

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

TARGET = re.compile(r"(?:that|numbered) lines? in (Japanese|English|Traditional Chinese|Simplified Chinese)")
NUMBERED = re.compile(r"^\d+\. (.*)$")


class Llama:
    """The server, in threads. `asked` has the lines of each request, in the order in which it began with them."""

    def __init__(self) -> None:
        self.mode = "ok"
        self.thinks_seconds = 0.0  # before the first token
        self.token_seconds = 0.0
        self.asked: list[tuple[str, list[str]]] = []
        self.given_up = 0  # requests whose caller hung up before the end
        self.in_flight = self.most_in_flight = 0
        self.stopping = threading.Event()
        self._one_at_a_time, self._counting = threading.Lock(), threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def lines(self) -> list[tuple[str, str]]:
        """Every line that was asked for, with its target."""
        return [(target, line) for target, lines in self.asked for line in lines]

    def answer(self, messages: list[dict[str, str]]) -> Iterator[str]:
        """The tokens of the answer, each when it is there."""
        found = TARGET.search(" ".join(messages[0]["content"].split()))
        assert found
        target = found[1]
        several = "numbered lines" in messages[0]["content"]
        lines = messages[1]["content"].splitlines()
        texts = [NUMBERED.sub(r"\1", line) for line in lines] if several else lines
        with self._counting:
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            with self._one_at_a_time:
                self.asked.append((target, texts))
                yield from self._said(target, texts, several=several)
        finally:
            with self._counting:
                self.in_flight -= 1

    def _said(self, target: str, texts: list[str], *, several: bool) -> Iterator[str]:
        self.stopping.wait(3600 if self.mode == "hang" else self.thinks_seconds)
        told = texts if self.mode == "echo" else [f"[{target}] {text}" for text in texts]
        if several and self.mode == "joined":
            told[:2] = [" ".join(told[:2])]
        if several and self.mode != "prose":
            told = [f"{number}. {text}" for number, text in enumerate(told, 1)]
        if several and self.mode == "note":
            told.append("(I hope this helps!)")
        for at, token in enumerate(re.findall(r"\s*\S+|\s+", "\n".join(told))):
            if at == 2 and self.mode == "stall":
                self.stopping.wait(3600)
            if at == 2 and self.mode == "cut":
                return
            self.stopping.wait(self.token_seconds)
            yield token


def _chunk(content: str, finish_reason: str | None = None) -> bytes:
    choice: dict[str, Any] = {"index": 0, "delta": {"content": content}, "finish_reason": finish_reason}
    body = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "llama", "choices": [choice]}
    return b"data: " + json.dumps(body).encode() + b"\n\n"


def _handler(server: Llama) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            assert request["stream"] is True
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            self.wfile.write(b": the request was taken\n\n")  # what is no token is no sign of life
            try:
                for token in server.answer(request["messages"]):
                    self.wfile.write(_chunk(token))
                if server.mode != "cut":
                    self.wfile.write(_chunk("", "stop") + b"data: [DONE]\n\n")
            except OSError:
                server.given_up += 1

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return Handler
