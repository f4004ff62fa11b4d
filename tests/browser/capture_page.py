"""A real Chromium that listens to a file: the capture alone, and the clips that come out of it."""

import base64
import contextlib
import functools
import http.server
import io
import shutil
import threading
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import av
import numpy as np
import numpy.typing as npt
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
RATE = 16_000
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)
POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; media-src 'self' blob:"
Audio = npt.NDArray[np.float32]


@dataclass(frozen=True)
class HeardClip:
    """A clip as the page told it; times in ms."""

    number: int
    mime: str
    started_at: float
    keep_from: int
    speech_at: float
    chunks: int
    numbers: tuple[int, ...]
    keep_to: int | None
    duration: int
    reason: str
    data: bytes

    def recorded(self) -> Audio:
        """Everything its recorder wrote, 16 kHz mono."""
        resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
        frames: list[Audio] = []
        with av.open(io.BytesIO(self.data)) as container:
            for frame in container.decode(audio=0):
                frames += [part.to_ndarray()[0] for part in resampler.resample(frame)]
            frames += [part.to_ndarray()[0] for part in resampler.resample(None)]
        return np.concatenate(frames)

    def kept(self) -> Audio:
        """What a server keeps of it."""
        end = None if self.keep_to is None else self.keep_to * RATE // 1000
        return self.recorded()[self.keep_from * RATE // 1000 : end]


class _Handler(http.server.SimpleHTTPRequestHandler):
    extensions_map: ClassVar[dict[str, str]] = {
        **http.server.SimpleHTTPRequestHandler.extensions_map,
        ".wasm": "application/wasm",
    }

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextlib.contextmanager
def _served(host: str) -> Iterator[str]:
    handler = functools.partial(_Handler, directory=str(ROOT))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://{host}:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def write_wav(path: Path, audio: Audio) -> Path:
    """16-bit mono at 16 kHz, the kind Chromium's fake microphone reads.

    It plays the last 10 ms of a file over and over, a hum of 100 Hz that a detector may take for a voice: so the end is
    silence.
    """
    audio = np.concatenate([audio, np.zeros(RATE // 10, np.float32)])
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.clip(audio, -1, 1) * 32767).astype("<i2").tobytes())
    return path


@contextlib.contextmanager
def capture_page(
    sound: Path | None, *, allowed: bool = True, device: bool = True, host: str = "localhost"
) -> Iterator[Page]:
    """The page, with a microphone that plays `sound` once as soon as it is asked for (None: it beeps)."""
    chromium = shutil.which("chromium")
    assert chromium, "the browser tests need Chromium: apt-get install chromium"
    flags = [*FLAGS, "--use-fake-ui-for-media-stream" if allowed else "--deny-permission-prompts"]
    flags += ["--use-fake-device-for-media-stream"] if device else []
    flags += [f"--use-file-for-fake-audio-capture={sound}%noloop"] if sound else []
    flags += [f"--host-resolver-rules=MAP {host} 127.0.0.1"] if host != "localhost" else []
    with _served(host) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        page = browser.new_page()
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(f"{address}/tests/browser/pages/capture.html")
        page.wait_for_function("window.capture")
        yield page
        browser.close()
    assert not problems, problems


def heard_clips(page: Page) -> list[HeardClip]:
    """The clips that are over, in order."""
    return [
        HeardClip(
            number=clip["number"],
            mime=clip["mime"],
            started_at=clip["startedAt"],
            keep_from=clip["keepFrom"],
            speech_at=clip["speechAt"],
            chunks=clip["end"]["chunks"],
            numbers=tuple(clip["numbers"]),
            keep_to=clip["end"]["keepTo"],
            duration=clip["end"]["duration"],
            reason=clip["end"]["reason"],
            data=b"".join(base64.b64decode(part) for part in clip["data"]),
        )
        for clip in page.evaluate("captured.clips()")
        if clip["end"]
    ]


def record(sound: Path, seconds: float) -> list[HeardClip]:
    """The clips of `seconds` of recording while the microphone plays `sound`."""
    with capture_page(sound) as page:
        page.evaluate("capture.start()")
        page.wait_for_timeout(seconds * 1000)
        page.evaluate("capture.stop()")
        return heard_clips(page)


def place(part: Audio, whole: Audio) -> tuple[float, float]:
    """Where `part` lies in `whole` (seconds, from the correlation's peak), and how well it fits there (0 to 1)."""
    size = 1 << (len(part) + len(whole)).bit_length()
    spectrum = np.fft.rfft(whole, size) * np.conj(np.fft.rfft(part, size))
    correlation = np.fft.irfft(spectrum, size)
    lag = int(np.argmax(np.abs(correlation)))
    lag -= size if lag > size // 2 else 0
    start = max(lag, 0)
    beside = whole[start : start + len(part)]
    energy = float(np.linalg.norm(part) * np.linalg.norm(beside))
    return lag / RATE, float(abs(correlation[lag])) / energy if energy else 0.0
