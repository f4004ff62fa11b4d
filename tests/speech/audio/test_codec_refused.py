"""speech.audio.codec: what is no recording is refused with a reason, and nothing else is read or fetched for it."""

from __future__ import annotations

import io
import random
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from speech.audio import codec
from tests.speech import sounds

ROOT = Path(__file__).resolve().parents[3]
UNKNOWN = "no sound or film of a known format"


def picture(encoder: str, pixels: str) -> bytes:
    """An image file."""
    target = io.BytesIO()
    with av.open(target, "w", format="image2pipe") as sink:
        stream = sink.add_stream(encoder, rate=1)
        stream.width, stream.height, stream.pix_fmt = 320, 240, pixels
        noise = np.random.default_rng(0).integers(0, 255, (240, 320, 3), np.uint8)
        sink.mux(stream.encode(av.VideoFrame.from_ndarray(noise, "rgb24").reformat(format=pixels)))
        sink.mux(stream.encode(None))
    return target.getvalue()


NO_RECORDINGS = {
    "source code": Path(__file__).read_bytes(),
    "much source code": Path(__file__).read_bytes() * 200,
    "Chinese text": "今天下午三點開會，請大家準時。\n".encode() * 500,
    "JSON": b'{"audio": [0, 1, 2, 3]}' * 100,
    "HTML": b"<!doctype html><html><body><audio src='x.mp3'></audio></body></html>",
    "SVG": b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>",
    "PNG": picture("png", "rgb24"),
    "JPEG": picture("mjpeg", "yuvj420p"),
    "GIF": b"GIF89a\x01\x00\x01\x00\x80\x00\x00" + bytes(3) + b"\xff" * 3 + b"," + bytes(8) + b"\x02\x02D\x01\x00;",
    "ZIP": b"PK\x03\x04" + bytes(200),
    "PDF": b"%PDF-1.7\n" + b"1 0 obj << /Type /Sound >> endobj\n" * 50,
    "program": b"\x7fELF\x02\x01\x01" + random.Random(1).randbytes(50_000),
    "zeros": bytes(100_000),
    "ones": b"\xff" * 100_000,
    "subtitles": b"WEBVTT\n\n00:00.000 --> 00:09.000\nNo sound.\n",
    "a container that nobody records in": sounds.encoded(sounds.sweep(1.0), "au", "pcm_s16be"),
}


@pytest.mark.parametrize("kind", NO_RECORDINGS)
def test_bytes_that_are_no_recording_are_refused_by_what_could_be_read(kind):
    with pytest.raises(codec.Undecodable, match=UNKNOWN) as caught:
        codec.decode(NO_RECORDINGS[kind])
    assert not caught.value.retryable


@pytest.mark.parametrize("seed", range(60))
def test_random_bytes_are_refused(seed):
    chance = random.Random(seed)
    with pytest.raises(codec.Undecodable):
        codec.decode(chance.randbytes(round(10 ** chance.uniform(1, 5.7))))


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("make", [sounds.webm, sounds.mp4, codec.as_wav])
def test_recordings_with_bytes_changed_are_heard_or_refused(make, seed):
    chance = random.Random(seed)
    data = bytearray(make(sounds.sweep(1.0)))
    for _ in range(chance.choice([1, 10, 200])):
        data[chance.randrange(len(data))] = chance.randrange(256)
    try:
        heard = codec.decode(bytes(data), max_seconds=60.0)
    except codec.Undecodable as error:
        assert not error.retryable
    else:
        assert heard.dtype == np.float32
        assert np.isfinite(heard).all()


@pytest.fixture
def listener() -> Iterator[tuple[int, list[bytes]]]:
    """A port on loopback, and what was asked of it."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                try:
                    line, _ = server.accept()
                except TimeoutError:
                    continue
                with line:
                    asked.append(line.recv(1000))

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1], asked
        over.set()
        thread.join()


LISTS = {  # formats whose files say what else to open
    "concat": b"ffconcat version 1.0\nfile '{target}'\n",
    "HLS": b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{target}\n#EXT-X-ENDLIST\n",
    "HLS with a key": b'#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXT-X-KEY:METHOD=AES-128,URI="{target}"\n#EXTINF:9,\nx.ts\n',
    "M3U": b"#EXTM3U\n{target}\n",
    "PLS": b"[playlist]\nFile1={target}\nNumberOfEntries=1\n",
    "DASH": b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period><AdaptationSet '
    b"mimeType='audio/mp4'><Representation id='1' bandwidth='1'><BaseURL>{target}</BaseURL></Representation>"
    b"</AdaptationSet></Period></MPD>",
    "SMIL": b"<smil><body><audio src='{target}'/></body></smil>",
    "SDP": b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio {port} RTP/AVP 0\n",
    "QuickTime link": b"<?xml version='1.0'?><?quicktime type='application/x-quicktime-media-link'?>"
    b"<embed src='{target}'/>",
}  # fmt: skip


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("where", ["beside", "file", "http", "tcp"])
def test_lists_of_other_files_or_addresses_open_nothing(name, where, tmp_path, monkeypatch, listener):
    monkeypatch.chdir(tmp_path)
    secret = tmp_path / "secret.wav"
    secret.write_bytes(codec.as_wav(sounds.sweep(1.0)))
    port, asked = listener
    target = {
        "beside": "secret.wav",
        "file": f"file://{secret}",
        "http": f"http://127.0.0.1:{port}/secret.wav",
        "tcp": f"tcp://127.0.0.1:{port}",
    }[where]
    data = LISTS[name].replace(b"{target}", target.encode()).replace(b"{port}", str(port).encode())
    with pytest.raises(codec.Undecodable, match=UNKNOWN):
        codec.decode(data)
    assert asked == []
