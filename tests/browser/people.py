"""People in a room: each a real Chromium, with a file for a microphone, who notes when what appeared on the page."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Page, Playwright, WebSocketRoute, expect

from tests.browser.capture_page import FLAGS, RATE, Audio, write_wav
from tests.sentences import Sentence
from tests.wav import read_wav

LEAD = 2.0  # seconds of quiet before the first sentence: the page gets ready in it
PAUSE = 1.7
PATIENCE = 60.0  # seconds
# Every change of a caption or a translation, with the moment it could be seen; the text that stays came last.
WATCH = """
window.seen = [];
const look = () => {
  for (const line of document.querySelectorAll('[data-testid=caption]')) {
    const texts = [...line.querySelectorAll('[data-testid=caption-text], [data-testid=caption-translation]')];
    const now = JSON.stringify(texts.map((e) => [e.lang, e.dataset.state ?? '', e.textContent]));
    if (line.dataset.lastSeen !== now) {
      line.dataset.lastSeen = now;
      window.seen.push({at: Date.now(), clip: line.dataset.clip, state: line.dataset.state, texts: JSON.parse(now)});
    }
  }
};
document.addEventListener('DOMContentLoaded', () => {
  const watch = {subtree: true, childList: true, characterData: true, attributes: true};
  new MutationObserver(look).observe(document.body, watch);
});
"""


@dataclass(frozen=True)
class Spoken:
    """A sentence in a recording: where its speech ends (seconds from the recording's start)."""

    sentence: Sentence
    start: float
    end: float


@dataclass
class Script:
    """What a fake microphone plays."""

    path: Path
    spoken: list[Spoken] = field(default_factory=list)
    seconds: float = 0.0


def script(path: Path, sentences: list[Sentence], pause: float = PAUSE, lead: float = LEAD) -> Script:
    """The sentences one after another, `pause` seconds of faint noise between them, quiet at both ends."""
    noise = np.random.default_rng(7)
    parts: list[Audio] = [_room(noise, lead)]
    spoken, at = [], lead
    for sentence in sentences:
        sound = read_wav(sentence.path)
        spoken.append(Spoken(sentence, at + sentence.speech_start, at + sentence.speech_end))
        parts += [sound, _room(noise, pause)]
        at += len(sound) / RATE + pause
    parts.append(_room(noise, 2.0))
    sound = np.concatenate(parts)
    return Script(write_wav(path, sound), spoken, len(sound) / RATE)


def _room(noise: np.random.Generator, seconds: float) -> Audio:
    return (noise.standard_normal(round(seconds * RATE)) * 0.0003).astype(np.float32)


class Person:
    """Somebody with a browser. Everything is done as they would do it: by what the page shows."""

    def __init__(self, page: Page, problems: list[str]) -> None:
        self.page = page
        self.problems = problems

    def make_room(self, url: str, name: str) -> str:
        """Make a room in the lobby; the address it is reached by, once this person has joined too."""
        self.page.goto(url)
        self.page.get_by_test_id("room-name").fill(name)
        self.page.get_by_test_id("create-room").click()
        self.page.wait_for_url("**/rooms/**")
        return self.page.url

    def join(self, name: str, address: str | None = None) -> None:
        """Enter under a display name."""
        if address:
            self.page.goto(address)
        self.page.get_by_test_id("display-name").fill(name)
        self.page.get_by_test_id("join").click()
        expect(self.page.get_by_test_id("connection")).to_have_attribute("data-state", "online")

    def record(self) -> None:
        """Press record and see that it took."""
        self.page.get_by_test_id("record").click()
        expect(self.page.get_by_test_id("record")).to_have_attribute("aria-pressed", "true")

    def stop(self) -> None:
        """Press record again, and wait until nothing is left to send."""
        self.page.get_by_test_id("record").click()
        expect(self.page.get_by_test_id("capture-state")).to_have_attribute("data-state", "off")

    def sockets(self) -> list[WebSocketRoute]:
        """The page's connections to rooms from now on, as they are opened. What is sent on one comes as from the
        server."""
        found: list[WebSocketRoute] = []

        def opened(socket: WebSocketRoute) -> None:
            socket.connect_to_server()
            found.append(socket)

        self.page.route_web_socket("**/ws/rooms/**", opened)
        return found

    def captions(self) -> list[dict[str, Any]]:
        """The lines on the page, from top to bottom."""
        lines: list[dict[str, Any]] = self.page.get_by_test_id("caption").evaluate_all(
            """lines => lines.map((line) => ({
                clip: line.dataset.clip, state: line.dataset.state,
                speaker: line.querySelector('[data-testid=caption-speaker]').textContent,
                text: line.querySelector('[data-testid=caption-text]').textContent,
                lang: line.querySelector('[data-testid=caption-text]').lang,
                translations: [...line.querySelectorAll('[data-testid=caption-translation]')]
                    .map((e) => ({lang: e.lang, state: e.dataset.state, text: e.textContent})),
            }))"""
        )
        return lines

    def seen(self) -> list[dict[str, Any]]:
        """What appeared when (ms of Unix time), for pages that were watched."""
        noted: list[dict[str, Any]] = self.page.evaluate("window.seen")
        return noted

    def wait_for_captions(self, count: int, seconds: float) -> None:
        """Until this many lines are final: in so many seconds, and whatever more a busy machine needs."""
        finals = self.page.locator('[data-testid=caption][data-state="final"]')
        expect(finals).to_have_count(count, timeout=(seconds + PATIENCE) * 1000)


@contextmanager
def person(playwright: Playwright, sound: Path | None = None, locale: str = "en-GB") -> Iterator[Person]:
    """A person with a browser of their own; a sound for a microphone, played once from when it is first asked for."""
    with chromium(playwright, sound) as browser, visitor(browser, locale) as someone:
        yield someone


@contextmanager
def chromium(playwright: Playwright, sound: Path | None = None, home: Path | None = None) -> Iterator[Browser]:
    """A browser with a microphone, which several people may use, each with a session of their own; the roots that
    it trusts lie in its home."""
    program = shutil.which("chromium")
    assert program, "the browser tests need Chromium: apt-get install chromium"
    flags = [*FLAGS, "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    flags += [f"--use-file-for-fake-audio-capture={sound}%noloop"] if sound else []
    lives = {**os.environ, "HOME": str(home)} if home else None
    browser = playwright.chromium.launch(executable_path=program, args=flags, env=lives)
    try:
        yield browser
    finally:
        browser.close()


@contextmanager
def visitor(browser: Browser, locale: str = "en-GB", **options: Any) -> Iterator[Person]:
    """A person in a browser; options as Playwright's contexts take them."""
    context = browser.new_context(**{"locale": locale, "viewport": {"width": 1366, "height": 850}, **options})
    try:
        page = context.new_page()
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.add_init_script(WATCH)
        yield Person(page, problems)
        assert not problems, problems
    finally:
        context.close()
