"""Servers on loopback that speak the translators' protocols, and misbehave as told."""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from tests.libretranslate import LibreTranslate

KEY = "sesame-key"
PAGE = b"<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1></body></html>"


@dataclass(frozen=True)
class Request:
    """What a translator was asked."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Response:
    """What it answers."""

    status: int = 200
    body: bytes = b""
    kind: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


Protocol = Callable[[Request], Response]


def said(value: object, status: int = 200) -> Response:
    """An answer in JSON."""
    return Response(status, json.dumps(value).encode())


def marked(text: str, target: str) -> str:
    """The fakes' translation: the text with a mark, so that it shows what arrived."""
    return f"[{target}] {text}"


def google(request: Request) -> Response:
    """Google's page for small devices."""
    q = request.query
    answer = marked(q["q"], q["tl"]).replace("<", "&lt;")
    return Response(200, f'<div class="result-container">{answer}</div>'.encode(), "text/html; charset=UTF-8")


def mymemory(request: Request) -> Response:
    """MyMemory: errors in the body, quotation marks as HTML writes them."""
    text, (_source, target) = request.query["q"], request.query["langpair"].split("|")
    if len(text.encode()) > 500:
        return memory("QUERY LENGTH LIMIT EXCEEDED. MAX ALLOWED QUERY : 500 CHARS", "403")
    return memory(marked(text, target).replace("'", "&#39;"), 200, match=0.85)


def memory(text: str, status: int | str, match: float = 0, **more: object) -> Response:
    """MyMemory's answer as it stands in the body, always under status 200."""
    details = "" if status == 200 else text
    return said(
        {"responseData": {"translatedText": text, "match": match}, "quotaFinished": None, "responseStatus": status}
        | {"responseDetails": details, "matches": []}
        | more
    )


def libre(request: Request) -> Response:
    """LibreTranslate that wants a key."""
    fields = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
    status, body = LibreTranslate(api_key=KEY).translate(fields)
    return said(body, status)


def deepl(request: Request) -> Response:
    """DeepL since 2026: POST alone, the key in a header alone."""
    if request.method != "POST":
        return said({"message": "Method Not Allowed"}, 405)
    if request.headers.get("Authorization") != f"DeepL-Auth-Key {KEY}" or "auth_key" in request.json:
        return said({"message": "Forbidden"}, 403)
    target = request.json["target_lang"]
    texts = [{"detected_source_language": "EN", "text": marked(text, target)} for text in request.json["text"]]
    return said({"translations": texts})


def microsoft(request: Request) -> Response:
    """Azure's Translator, version 3.0: errors as an object, answers as a list."""
    if request.headers.get("Ocp-Apim-Subscription-Key") != KEY:
        return said({"error": {"code": 401000, "message": "credentials are missing or invalid"}}, 401)
    to = request.query["to"]
    return said([{"translations": [{"text": marked(one["text"], to), "to": to}]} for one in request.json])


def chatgpt(request: Request) -> Response:
    """OpenAI's chat completions; this model has one temperature, as those that think have."""
    if request.headers.get("Authorization") != f"Bearer {KEY}":
        return said({"error": {"message": f"Incorrect API key: {KEY[:3]}", "code": "invalid_api_key"}}, 401)
    if "temperature" in request.json:
        return said(
            {"error": {"message": "Unsupported value", "param": "temperature", "code": "unsupported_value"}}, 400
        )
    return completion(marked(request.json["messages"][-1]["content"], "told"))


def completion(text: str | None, finish_reason: str = "stop", refusal: str | None = None) -> Response:
    """One completion."""
    message = {"role": "assistant", "content": text, "refusal": refusal}
    return said(
        {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "any"}
        | {"choices": [{"index": 0, "message": message, "finish_reason": finish_reason}]}
    )


class Server:
    """One of these in a thread. `mode` is `ok`, `slow`, `trickle`, `flood`, `gone`, or an answer to give instead."""

    def __init__(self, protocol: Protocol) -> None:
        self.protocol = protocol
        self.mode: str | Response = "ok"
        self.asked: list[Request] = []
        self.stopping = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()

    def answer(self, request: Request) -> Response:
        """As the protocol has it, or as told."""
        self.asked.append(request)
        if isinstance(self.mode, Response):
            return self.mode
        if self.mode == "slow":
            self.stopping.wait(30)
        return self.protocol(request)


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            url = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if server.mode == "gone":
                self.close_connection = True
                return
            answer = server.answer(
                Request(self.command, url.path, query, {k.title(): v for k, v in self.headers.items()}, body)
            )
            if server.mode in ("trickle", "flood"):
                self._go_on(answer)
            else:
                self._send(answer)

        do_GET = do_POST = _serve

        def _send(self, answer: Response) -> None:
            self.send_response(answer.status)
            for name, value in {"Content-Type": answer.kind, **answer.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def _go_on(self, answer: Response) -> None:
            """Blanks without end: one at a time, or many."""
            self.send_response(200)
            self.send_header("Content-Type", answer.kind)
            self.end_headers()
            self.close_connection = True
            blanks = b" " * (1 << 16 if server.mode == "flood" else 1)
            try:
                while not server.stopping.wait(0 if server.mode == "flood" else 0.05):
                    self.wfile.write(blanks)
            except OSError:
                return  # the other side has heard enough

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return Handler
