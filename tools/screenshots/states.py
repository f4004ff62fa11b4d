"""Every state of the lobby and the room, brought about as it comes: by people, closed lines, ended processes."""

import os
import signal
from collections.abc import Callable, Iterator

from playwright.sync_api import Page, WebSocketRoute, expect

from tools.screenshots.stage import CALL, INSECURE, LOCALES, SIZES, Reader, Stage, write

Shown = Iterator[tuple[str, list[Reader]]]
STATES: dict[str, Callable[[Stage], Shown]] = {}


def state(show: Callable[[Stage], Shown]) -> Callable[[Stage], Shown]:
    """One of those that can be asked for by name."""
    STATES[show.__name__] = show
    return show


@state
def lobby(stage: Stage) -> Shown:
    fresh = [stage.reader(size, language) for size in SIZES for language in LOCALES]
    for reader in fresh:
        reader.page.goto(stage.product.address)
    yield "lobby", fresh
    for reader in fresh:
        reader.page.get_by_test_id("room-name").fill("\u200b")
        reader.page.get_by_test_id("create-room").click()
    yield "lobby-refused", fresh
    close(fresh)
    page = stage.readers[0].page
    page.goto(stage.room)
    expect(page.get_by_test_id("connection")).to_have_attribute("data-state", "online")
    page.get_by_test_id("open-settings").click()
    page.get_by_test_id("settings-listed").check()
    page.get_by_test_id("settings-save").click()
    expect(page.get_by_test_id("room-settings")).to_be_hidden()
    for reader in stage.readers:
        reader.person.make_room(stage.product.address, "客戶訪談 Interviews")
        reader.page.goto(stage.product.address)
    yield "lobby-rooms", stage.readers


@state
def join(stage: Stage) -> Shown:
    fresh = [stage.reader(size, language) for size in SIZES for language in LOCALES]
    for reader in fresh:
        reader.page.goto(stage.room)
    yield "join", fresh
    for reader in fresh:
        reader.page.get_by_test_id("test-microphone").click()
        expect(reader.page.get_by_test_id("test-result")).to_have_attribute("data-state", "heard")
    yield "join-heard", fresh
    for reader in fresh:
        reader.page.get_by_test_id("display-name").fill("\u200b")
        reader.page.get_by_test_id("join").click()
    yield "join-refused-name", fresh
    close(fresh)


@state
def no_microphone(stage: Stage) -> Shown:
    """Refused, missing, and a page without HTTPS: on the way in and in the room."""
    for why in ("refused", "missing", "insecure"):
        address = stage.room.replace("127.0.0.1", INSECURE) if why == "insecure" else stage.room
        browser = stage.denying if why == "refused" else stage.bare
        people = [stage.reader(size, language, browser) for size in SIZES for language in LOCALES]
        for reader in people:
            reader.page.goto(address)
            reader.page.get_by_test_id("test-microphone").click()
            expect(reader.page.get_by_test_id("test-result")).to_have_attribute("data-state", why)
        yield f"join-{why}", people
        for reader in people:
            reader.person.join("Guest 訪客")
            reader.page.get_by_test_id("record").click()
            expect(reader.page.get_by_test_id("capture-error")).to_be_visible()
        yield f"room-{why}", people
        close(people)


@state
def room(stage: Stage) -> Shown:
    _into(stage, stage.room)
    yield "room", stage.readers
    for reader in stage.readers:
        reader.page.locator("#sound summary").click()
    yield "room-menu", stage.readers
    for reader in stage.readers:
        reader.page.get_by_test_id("together").check()
        reader.page.keyboard.press("Escape")
    yield "room-one-stream", stage.readers
    for reader in stage.readers:
        reader.page.locator("#sound summary").click()
        reader.page.get_by_test_id("together").uncheck()
        reader.page.keyboard.press("Escape")
    for reader in stage.readers:
        reader.page.get_by_test_id("rename").first.evaluate("button => button.closest('li').scrollIntoView()")
        _members(reader)
        reader.page.get_by_test_id("rename").locator("visible=true").first.click()
    yield "room-rename", stage.readers


@state
def recording(stage: Stage) -> Shown:
    _into(stage, stage.room)
    speaker = stage.readers[-1]
    speaker.person.record()
    speaking = '[data-testid=capture-state][data-state="speaking"]'
    speaker.page.locator(speaking).wait_for(timeout=60_000)
    yield "room-recording", stage.readers
    speaker.person.stop()


@state
def sharing(stage: Stage) -> Shown:
    sharer = next(reader for reader in stage.readers if reader.size == "laptop")
    _into(stage, stage.room)
    call = sharer.context.new_page()
    call.route(f"{CALL}*", lambda route: route.fulfill(body="<title>The call</title>", content_type="text/html"))
    call.goto(CALL)
    sharer.page.bring_to_front()
    sharer.page.get_by_test_id("share-sound").click()
    expect(sharer.page.get_by_test_id("share-sound")).to_have_attribute("data-state", "listening")
    yield "room-sharing", stage.readers
    sharer.page.get_by_test_id("share-sound").click()
    call.close()


@state
def chat_and_members(stage: Stage) -> Shown:
    _into(stage, stage.room)
    for reader in stage.readers:
        _chat(reader, opened=True)
    yield "room-chat-open", stage.readers
    for reader in stage.readers[1:]:
        _chat(reader, opened=False)
    write(stage.readers[0], "The agenda is in the shared folder. 議程放在共用資料夾。")
    for reader in stage.readers[1:]:
        expect(reader.page.locator("#chat-unread")).to_have_text("1")
    yield "room-chat-unread", stage.readers[1:]
    for reader in stage.readers:
        _members(reader)
    yield "room-members", stage.readers
    for reader in stage.readers:
        reader.page.keyboard.press("Escape")
        if reader.size == "phone":
            reader.page.locator("#more").click()
    yield "room-more", [reader for reader in stage.readers if reader.size == "phone"]


@state
def long_meeting(stage: Stage) -> Shown:
    stage.open_long_room()
    for reader in stage.readers:
        if reader is stage.readers[0]:
            reader.page.goto(stage.long)
        else:
            reader.person.join(reader.name, stage.long)
        reader.page.get_by_test_id("caption").first.wait_for()
        reader.page.get_by_test_id("fold-mark").last.click()
        reader.page.get_by_test_id("fold-mark").last.evaluate("mark => mark.scrollIntoView({block: 'end'})")
    yield "room-folded-withdrawn", stage.readers
    for reader in stage.readers:
        reader.page.locator("#scroll").evaluate("scroll => { scroll.scrollTop = 0; }")
        reader.page.wait_for_timeout(600)
        gap = reader.page.locator("#captions > .gap").first
        if gap.count():
            gap.evaluate("gap => gap.scrollIntoView({block: 'center'})")
    yield "room-older-newest", stage.readers
    for reader in stage.readers:
        reader.page.locator(".gap-within").last.evaluate("note => note.scrollIntoView({block: 'center'})")
    yield "room-speech-without-words", stage.readers
    mine = stage.readers[0]
    mine.page.goto(stage.long)
    mine.page.get_by_test_id("caption").last.hover()
    mine.page.get_by_test_id("withdraw").last.click()
    yield "room-withdraw-question", [mine]


@state
def host(stage: Stage) -> Shown:
    for reader in stage.readers:
        reader.person.make_room(stage.product.address, "客戶訪談 Interviews")
        reader.person.join(reader.name)
    yield "room-empty", stage.readers
    for reader in stage.readers:
        _tool(reader, "open-settings")
    yield "room-settings", stage.readers
    for reader in stage.readers:
        reader.page.keyboard.press("Escape")
        write(reader, "Good morning 早安")
        _chat(reader, opened=False)
        _tool(reader, "end-meeting")
    yield "room-end-question", stage.readers
    for reader in stage.readers:
        reader.page.get_by_test_id("end-meeting-confirm").click()
        expect(reader.page.get_by_test_id("meeting-ended")).to_be_visible()
    yield "room-ended", stage.readers


@state
def lines_lost(stage: Stage) -> Shown:
    """The line closed and not opened again; the network gone; who may not come in; leaving with words unsent."""
    for code, name, sign in ((1001, "reconnecting", "#line-away"), (4403, "join-again", "#socket-refused")):
        for reader in stage.readers:
            _lose(reader, stage.room, code)
            expect(reader.page.locator(sign)).to_be_visible()
        yield f"room-{name}", stage.readers
        for reader in stage.readers:
            reader.page.unroute_all()
    _fresh(stage)
    for reader in stage.readers:
        reader.context.set_offline(True)
        expect(reader.page.get_by_test_id("connection")).to_have_attribute("data-state", "offline")
        expect(reader.page.get_by_test_id("line-away")).to_be_visible()
    yield "room-offline", stage.readers
    for reader in stage.readers:
        reader.page.get_by_test_id("record").click()
        reader.page.get_by_test_id("unsent").wait_for()
        _tool(reader, "leave")
        expect(reader.page.get_by_test_id("leave-sheet")).to_be_visible()
    yield "room-leave-question", stage.readers
    for reader in stage.readers:
        reader.page.keyboard.press("Escape")
        reader.context.set_offline(False)


@state
def engine(stage: Stage) -> Shown:
    _into(stage, stage.room)
    speech = stage.product.child("speech")
    os.kill(speech, signal.SIGKILL)
    for reader in stage.readers:
        reader.page.locator("#engine-away:not([hidden]), #engine-loading:not([hidden])").first.wait_for()
    yield "room-engine-away", stage.readers
    loading = stage.readers[0].page.get_by_test_id("engine-loading")
    loading.wait_for()
    yield "room-engine-loading", stage.readers[:1]


def _into(stage: Stage, address: str) -> None:
    for reader in stage.readers:
        reader.page.goto(address)
        expect(reader.page.get_by_test_id("connection")).to_have_attribute("data-state", "online")
        reader.page.get_by_test_id("caption").first.wait_for()


def _fresh(stage: Stage) -> None:
    """The same people at new pages: nothing of what was done to the old ones is left."""
    for reader in stage.readers:
        reader.page.close()
        reader.page = reader.context.new_page()
    _into(stage, stage.room)


def _lose(reader: Reader, address: str, code: int) -> None:
    """The socket is closed, and none is opened again."""
    sockets: list[WebSocketRoute] = []

    def opened(socket: WebSocketRoute) -> None:
        if sockets:
            socket.close(code=code)
        else:
            socket.connect_to_server()
        sockets.append(socket)

    page: Page = reader.page
    page.route_web_socket("**/ws/rooms/**", opened)
    page.goto(address)
    page.get_by_test_id("caption").first.wait_for()
    sockets[0].close(code=code)


def _chat(reader: Reader, *, opened: bool) -> None:
    fold = reader.page.locator("#chat-fold")
    if (fold.get_attribute("aria-expanded") == "true") != opened:
        fold.click()


def _tool(reader: Reader, name: str) -> None:
    """What is done with the room; on a phone it is put away."""
    if reader.size == "phone" and not reader.page.get_by_test_id(name).is_visible():
        reader.page.locator("#more").click()
    reader.page.get_by_test_id(name).click()


def _members(reader: Reader) -> None:
    fold = reader.page.locator("#members-fold")
    if fold.is_visible() and fold.get_attribute("aria-expanded") == "false":
        fold.click()


def close(readers: list[Reader]) -> None:
    for reader in readers:
        reader.context.close()
