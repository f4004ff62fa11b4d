"""A server that speaks LibreTranslate's protocol and knows the bundled sentences.

It also runs alone: `python -m tests.libretranslate --port N`. Like the real one it answers `zh` in Simplified, takes
its fields as JSON, as a form or in the address, and says what it lacks with status 400. How it behaves is switched at
run time: `server.mode = "429"`, or `POST /_mode?mode=429`. Modes: ok, slow (answers after `slow_seconds`), held (until
`release`), 429, 500, nonsense (a page where JSON is expected), gone (closes the connection without a word).
"""

import argparse
import json
import string
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

import opencc
import pytest

SENTENCES = Path(__file__).parent / "fixtures" / "sentences" / "sentences.json"
NAMES = {"en": "English", "zh": "Chinese", "ja": "Japanese"}
MODES = ("ok", "slow", "held", "429", "500", "nonsense", "gone")
_PUNCTUATION = str.maketrans("", "", string.punctuation + string.whitespace + "，。、？！：；「」")
_simplify = opencc.OpenCC("tw2s")


def _folded(text: str) -> str:
    """What two spellings of a sentence have in common."""
    return str(_simplify.convert(text)).casefold().translate(_PUNCTUATION)


def _known() -> dict[tuple[str, str], str]:
    """The bundled sentences: (folded text, language wanted) to the text in it."""
    known: dict[tuple[str, str], str] = {}
    for sentence in json.loads(SENTENCES.read_text(encoding="utf-8")):
        texts = {sentence["language"]: sentence["text"], **sentence["translations"]}
        for text in texts.values():
            for language, wanted in texts.items():
                said = _simplify.convert(wanted) if language == "zh" else wanted
                known.setdefault((_folded(text), language), said)
    return known


class LibreTranslate:
    """The server, in a thread. `asked` holds what it was asked, as (source, target, text)."""

    def __init__(self, port: int = 0, api_key: str = "") -> None:
        self.mode = "ok"
        self.slow_seconds = 30.0
        self.api_key = api_key
        self.asked: list[tuple[str, str, str]] = []
        self.in_flight = 0
        self.most_in_flight = 0
        self._known = _known()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._released = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stopping.set()
        self._released.set()
        self._server.shutdown()
        self._server.server_close()

    def translate(self, fields: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """The answer to /translate: status and body."""
        for name in ("q", "source", "target"):
            if not fields.get(name):
                return 400, {"error": f"Invalid request: missing {name} parameter"}
        if self.api_key and fields.get("api_key") != self.api_key:
            return 403, {"error": "Invalid API key"}
        for name, allowed in (("source", ("auto", *NAMES)), ("target", tuple(NAMES))):
            if fields[name] not in allowed:
                return 400, {"error": f"{fields[name]} is not supported"}
        text, target = fields["q"], fields["target"]
        body: dict[str, Any] = {"translatedText": self.said(text, target)}
        if fields["source"] == "auto":
            body["detectedLanguage"] = {"confidence": 90, "language": detected(text)}
        return 200, body

    def said(self, text: str, target: str) -> str:
        """The true translation of a bundled sentence; of anything else, the text itself with a mark."""
        return self._known.get((_folded(text), target), f"[{target}] {text}")

    def note(self, fields: dict[str, str]) -> None:
        """Keep what was asked."""
        with self._lock:
            self.asked.append((fields.get("source", ""), fields.get("target", ""), fields.get("q", "")))

    def enter(self) -> None:
        """One more request at work."""
        with self._lock:
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)

    def leave(self) -> None:
        """One less."""
        with self._lock:
            self.in_flight -= 1

    def release(self) -> None:
        """Answer what was held, and all that comes from now on."""
        self.mode = "ok"
        self._released.set()

    def wait_for_release(self) -> None:
        """Hold a request."""
        self._released.wait()

    def wait(self, seconds: float) -> None:
        """Be slow, but not slower to stop."""
        self._stopping.wait(seconds)


def detected(text: str) -> str:
    """The language a text is written in, by its characters."""
    if any("\u3040" <= c <= "\u30ff" for c in text):
        return "ja"
    return "zh" if any("\u4e00" <= c <= "\u9fff" for c in text) else "en"


def _handler(server: LibreTranslate) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if urlsplit(self.path).path == "/languages":
                self._answer(200, [{"code": c, "name": n, "targets": sorted(NAMES)} for c, n in NAMES.items()])
            else:
                self._answer(404, {"error": "Not Found"})

        def do_POST(self) -> None:
            path, fields = urlsplit(self.path).path, self._fields()
            if path == "/_mode":
                self._switch(fields)
            elif server.mode == "gone":
                self.close_connection = True
                self.connection.close()
            elif path == "/detect":
                self._answer(200, [{"confidence": 90, "language": detected(fields.get("q", ""))}])
            elif path == "/translate":
                self._translate(fields)
            else:
                self._answer(404, {"error": "Not Found"})

        def _switch(self, fields: dict[str, str]) -> None:
            if fields.get("mode") not in MODES:
                self._answer(400, {"error": f"mode is one of {', '.join(MODES)}"})
                return
            server.mode = fields["mode"]
            self._answer(200, {"mode": server.mode})

        def _translate(self, fields: dict[str, str]) -> None:
            server.note(fields)
            server.enter()
            try:
                self._behave(fields)
            finally:
                server.leave()

        def _behave(self, fields: dict[str, str]) -> None:
            if server.mode == "slow":
                server.wait(server.slow_seconds)
            if server.mode == "held":
                server.wait_for_release()
            if server.mode == "429":
                self._answer(429, {"error": "Slowdown: 20 per 1 minute"})
            elif server.mode == "500":
                self._answer(500, {"error": "Cannot translate text"})
            elif server.mode == "nonsense":
                self._send(200, "text/html", b"<html>502 bad gateway</html>")
            else:
                self._answer(*server.translate(fields))

        def _fields(self) -> dict[str, str]:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            if self.headers.get("Content-Type", "").startswith("application/json"):
                return {key: str(value) for key, value in json.loads(raw).items()}
            return {**dict(parse_qsl(raw)), **dict(parse_qsl(urlsplit(self.path).query))}

        def _answer(self, status: int, body: object) -> None:
            self._send(status, "application/json", json.dumps(body).encode())

        def _send(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: a request line may hold what somebody said."""

    return Handler


@pytest.fixture
def libre() -> Iterator[LibreTranslate]:
    """A LibreTranslate server on a free port."""
    with LibreTranslate() as server:
        yield server


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=5000)
    parser.add_argument("--mode", choices=MODES, default="ok")
    options = parser.parse_args()
    with LibreTranslate(options.port) as server:
        server.mode = options.mode
        print(f"Listening on {server.url}", flush=True)
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
