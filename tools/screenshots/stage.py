"""The stage: a running product with people in a room, each reader at a screen of their own."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect

from tests.browser.capture_page import FLAGS
from tests.browser.long_meeting import fill
from tests.browser.people import Person, person, script
from tests.meeting.product import ROOT, Product
from tests.sentences import Sentence, sentences

LAPTOP: dict[str, Any] = {"viewport": {"width": 1366, "height": 850}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "is_mobile": True,
    "has_touch": True,
    "device_scale_factor": 1.5,
}
SIZES = {"laptop": LAPTOP, "phone": PHONE}
LOCALES = {"en": "en-GB", "zh": "zh-TW"}
NAMES = {("laptop", "en"): "Anna", ("laptop", "zh"): "陳雅婷", ("phone", "en"): "Daniel", ("phone", "zh"): "佐藤 健"}
STAFF = {"USERNAME": "ada", "PASSWORD": "a long word for pictures", "EMAIL": "ada@example.org"}
INSECURE = "meeting.example"  # an address that is not this machine's own, reached without HTTPS
CALL = "http://call.example/"
SAID = (
    ("zh", "王經理負責新產品。"),
    ("zh", "下一個議題是語音辨識。"),
    ("en", "Who will be responsible for the system update?"),
)
ANSWERED = (
    ("ja", "会議は金曜日の午前七時に始まります。"),
    ("en", "Ms. Sato, could you explain the marketing plan?"),
)


@dataclass
class Reader:
    """Somebody who looks at a screen of one size in one language."""

    size: str
    language: str
    context: BrowserContext
    page: Page

    @property
    def name(self) -> str:
        return NAMES[self.size, self.language]

    @property
    def person(self) -> Person:
        return Person(self.page, [])


class Stage:
    """The product, its room, and the readers in it."""

    def __init__(self, product: Product, browser: Browser, bare: Browser, denying: Browser) -> None:
        self.product = product
        self.browser = browser
        self.bare = bare  # a browser that has no microphone
        self.denying = denying  # one whose person refuses
        self.readers = [self.reader(size, language) for size in SIZES for language in LOCALES]
        self.room = ""
        self.long = ""

    def reader(self, size: str, language: str, browser: Browser | None = None) -> Reader:
        """Somebody new."""
        context = (browser or self.browser).new_context(
            locale=LOCALES[language], timezone_id="Asia/Taipei", **SIZES[size]
        )
        return Reader(size, language, context, context.new_page())

    def open_room(self) -> None:
        """Everybody comes into one room, where two people have spoken and some have written."""
        first = self.readers[0]
        self.room = first.person.make_room(self.product.address, "產品週會 Product weekly")
        for reader in self.readers:
            reader.person.join(reader.name, self.room)

    def open_long_room(self) -> None:
        """A meeting of three hours with gaps, withdrawn lines and folded ones."""
        first = self.readers[0]
        self.long = first.person.make_room(self.product.address, "Quarterly 季度檢討")
        first.person.join(first.name)
        fill(self.product.data, unquote(self.long.rstrip("/").rpartition("/")[2]), 400, 80)


def chosen(wanted: tuple[tuple[str, str], ...]) -> list[Sentence]:
    """The bundled sentences with these texts."""
    known = {(one.language, one.text.replace(",", "，").replace("?", "？")): one for one in sentences()}
    return [known[language, text.replace(",", "，").replace("?", "？")] for language, text in wanted]


def speak(playwright: Playwright, room: str, name: str, said: tuple[tuple[str, str], ...], folder: Path) -> None:
    """Somebody comes in, says these sentences through a real microphone's way, and goes."""
    sound = script(folder / f"{name}.wav", chosen(said))
    with person(playwright, sound.path) as speaker:
        speaker.join(name, room)
        before = len(speaker.captions())
        speaker.record()
        speaker.wait_for_captions(before + len(said), sound.seconds + 60)
        speaker.stop()


def write(reader: Reader, text: str) -> None:
    """A message in the chat."""
    if not reader.page.get_by_test_id("chat-input").is_visible():
        reader.page.locator("#chat-fold").click()
    reader.page.get_by_test_id("chat-input").fill(text)
    reader.page.get_by_test_id("chat-send").click()
    expect(reader.page.get_by_test_id("message").filter(has_text=text)).to_be_visible()


def make_staff(data: Path) -> None:
    """A member of staff, who may see every meeting."""
    known = {f"DJANGO_SUPERUSER_{key}": value for key, value in STAFF.items()}
    environment = {**os.environ, **known, "DATA_DIR": str(data), "DJANGO_SETTINGS_MODULE": "meeting.settings"}
    command = [sys.executable, "manage.py", "createsuperuser", "--noinput"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)


@contextmanager
def browsers(playwright: Playwright, folder: Path) -> Iterator[list[Browser]]:
    """One with a microphone in which somebody speaks Japanese, one without any, one that may not use its own."""
    program = shutil.which("chromium")
    if program is None:
        raise FileNotFoundError("pictures need Chromium: apt-get install chromium")
    japanese = [one for one in sentences("ja", exact=True) if one.seconds > 4]
    sound = script(folder / "readers.wav", japanese, pause=0.4, lead=0.5).path
    heard = [
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={sound}",
        "--auto-select-tab-capture-source-by-title=The call",
    ]
    bare = ["--use-fake-ui-for-media-stream", f"--host-resolver-rules=MAP {INSECURE} 127.0.0.1"]
    denying = ["--use-fake-device-for-media-stream", "--deny-permission-prompts"]
    with ExitStack() as running:
        found: list[Browser] = []
        for more in (heard, bare, denying):
            browser = playwright.chromium.launch(executable_path=program, args=[*FLAGS, *more])
            running.callback(browser.close)
            found.append(browser)
        yield found
