"""Every page in every state that a reader may meet: how each is brought about."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils.safestring import mark_safe
from playwright.sync_api import Page, WebSocketRoute, expect

from meeting.https import qr_code
from tests.browser.long_meeting import fill
from tests.browser.people import Person, visitor
from tests.meeting.product import ROOT

STAFF = {"USERNAME": "ada", "PASSWORD": "a long word of the tests", "EMAIL": "ada@example.org"}


class House:
    """A running product with a room in whose meeting much was said and written, and a member of staff."""

    def __init__(self, address: str, data: Path, browser) -> None:
        self.address = address
        with visitor(browser) as alice:
            self.talking = alice.make_room(address, "Weekly")
            alice.join("Alice")
            self.alice = alice.page.context.cookies()
        fill(data, unquote(self.talking.rstrip("/").rpartition("/")[2]), 120, 60)

    def room(self, person: Person) -> Page:
        """Somebody comes into that room."""
        person.join("Bob", self.talking)
        person.page.get_by_test_id("caption").first.wait_for()
        return person.page


def make_staff(data: Path) -> None:
    person = {f"DJANGO_SUPERUSER_{key}": value for key, value in STAFF.items()}
    environment = {**os.environ, **person, "DATA_DIR": str(data), "DJANGO_SETTINGS_MODULE": "meeting.settings"}
    command = [sys.executable, "manage.py", "createsuperuser", "--noinput"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)


def lobby(house: House, bob: Person) -> None:
    bob.page.goto(house.address)


def lobby_with_a_refusal(house: House, bob: Person) -> None:
    bob.page.goto(house.address)
    bob.page.get_by_test_id("room-name").fill("\u200b")
    bob.page.get_by_test_id("create-room").click()
    expect(bob.page.locator("#problem")).to_be_visible()


def lobby_with_rooms(house: House, bob: Person) -> None:
    bob.make_room(house.address, "週會")
    bob.page.goto(house.address)
    expect(bob.page.get_by_text("Your rooms")).to_be_visible()


def joining(house: House, bob: Person) -> None:
    bob.page.goto(house.talking)


def joining_with_a_refusal(house: House, bob: Person) -> None:
    bob.page.goto(house.talking)
    bob.page.get_by_test_id("display-name").fill("\u200b")
    bob.page.get_by_test_id("join").click()
    expect(bob.page.locator("#problem")).to_be_visible()


def room_without_a_word(house: House, bob: Person) -> None:
    bob.make_room(house.address, "週會")
    bob.join("Bob")


def room_with_captions_chat_and_a_gap(house: House, bob: Person) -> None:
    page = house.room(bob)
    page.get_by_test_id("chat-input").fill("Good morning")
    page.get_by_test_id("chat-send").click()
    page.get_by_test_id("earlier").click()
    expect(page.locator("#captions > .gap").first).to_be_attached()


def room_with_speech_without_words_in_a_line(house: House, bob: Person) -> None:
    note = house.room(bob).locator(".caption").get_by_test_id("gap").first
    note.scroll_into_view_if_needed()
    expect(note).to_be_visible()


def room_in_one_stream(house: House, bob: Person) -> None:
    page = house.room(bob)
    page.locator("#sound summary").click()
    page.get_by_test_id("together").check()
    expect(page.locator("#captions > .message").first).to_be_attached()


def room_with_chat_folded_and_the_reader_far_up(house: House, bob: Person) -> None:
    page = house.room(bob)
    page.locator("#chat-fold").click()
    page.evaluate("document.getElementById('scroll').scrollTop -= 2000")
    expect(page.get_by_test_id("newest")).to_be_visible()


def room_while_recording(house: House, bob: Person) -> None:
    house.room(bob)
    bob.record()


def room_without_a_line_to_the_server(house: House, bob: Person) -> None:
    lose_the_line(house, bob, code=1001)
    expect(bob.page.get_by_test_id("line-away")).to_be_visible()


def room_this_browser_is_not_in_any_more(house: House, bob: Person) -> None:
    lose_the_line(house, bob, code=4403)
    expect(bob.page.locator("#socket-refused")).to_be_visible()


def lose_the_line(house: House, bob: Person, code: int) -> None:
    """The socket is closed, and none is opened again."""
    sockets: list[WebSocketRoute] = []

    def opened(socket: WebSocketRoute) -> None:
        if sockets:
            socket.close(code=code)
        else:
            socket.connect_to_server()
        sockets.append(socket)

    bob.page.route_web_socket("**/ws/rooms/**", opened)
    house.room(bob)
    sockets[0].close(code=code)


def room_where_the_host_is_asked(house: House, bob: Person) -> None:
    bob.make_room(house.address, "Asked")
    bob.join("Bob")
    bob.page.get_by_test_id("chat-input").fill("Good morning")
    bob.page.get_by_test_id("chat-send").click()
    bob.page.get_by_test_id("end-meeting").click()
    expect(bob.page.locator("#end-question")).to_be_visible()


def room_with_the_host_s_settings(house: House, bob: Person) -> None:
    bob.make_room(house.address, "Set")
    bob.join("Bob")
    bob.page.get_by_test_id("open-settings").click()
    expect(bob.page.get_by_test_id("room-settings")).to_be_visible()


def room_where_somebody_renames_themselves(house: House, bob: Person) -> None:
    page = house.room(bob)
    page.get_by_test_id("rename").locator("visible=true").first.click()
    expect(page.get_by_test_id("rename-sheet")).to_be_visible()


def as_alice(house: House, bob: Person) -> None:
    """As the one whose lines they are."""
    bob.page.context.add_cookies(house.alice)
    bob.page.goto(house.talking)
    bob.page.get_by_test_id("withdrawn").first.wait_for()


def room_where_a_line_is_to_be_withdrawn(house: House, bob: Person) -> None:
    as_alice(house, bob)
    bob.page.get_by_test_id("caption").last.hover()
    bob.page.get_by_test_id("withdraw").last.click()
    expect(bob.page.get_by_test_id("withdraw-sheet")).to_be_visible()


def room_with_a_withdrawn_line_and_a_copy_unfolded(house: House, bob: Person) -> None:
    as_alice(house, bob)
    bob.page.get_by_test_id("fold-mark").first.click()
    expect(bob.page.get_by_test_id("unfold").first).to_be_visible()


def room_whose_meeting_has_ended(house: House, bob: Person) -> None:
    room_where_the_host_is_asked(house, bob)
    bob.page.get_by_test_id("end-meeting-confirm").click()
    expect(bob.page.get_by_test_id("meeting-ended")).to_be_visible()


def record_of_the_room(house: House, bob: Person) -> None:
    house.room(bob).goto(f"{house.talking}record/")


def record_of_a_meeting(house: House, bob: Person) -> None:
    record_of_the_room(house, bob)
    bob.page.locator("main a[href*='/record/']").first.click()
    bob.page.wait_for_url("**/record/*/**")


def record_without_a_meeting(house: House, bob: Person) -> None:
    bob.page.goto(f"{house.talking}record/")


def _log_in(house: House, bob: Person) -> None:
    bob.page.goto(f"{house.address}/admin/login/?next=/staff/meetings/")
    bob.page.locator("#id_username").fill(STAFF["USERNAME"])
    bob.page.locator("#id_password").fill(STAFF["PASSWORD"])
    bob.page.locator("[type=submit]").click()
    bob.page.wait_for_url("**/staff/meetings/")


def staff_list(house: House, bob: Person) -> None:
    _log_in(house, bob)


def staff_meeting(house: House, bob: Person) -> None:
    _log_in(house, bob)
    bob.page.locator("main a[href*='/staff/meetings/']").first.click()
    bob.page.wait_for_url("**/staff/meetings/*/")


def not_open(house: House, bob: Person) -> None:
    bob.page.goto(f"{house.talking}#host=guessed")
    expect(bob.page).to_have_title("No access")


def not_there(house: House, bob: Person) -> None:
    bob.page.goto(f"{house.address}/nothing")


def gone_wrong(house: House, bob: Person) -> None:
    """What the product answers when it fails: the page as it is sent, with the product's own styles."""
    page = render_to_string("500.html")
    bob.page.route(
        "**/fault", lambda route: route.fulfill(status=500, body=page, content_type="text/html; charset=utf-8")
    )
    bob.page.goto(f"{house.address}/fault")


def trusting_the_root(house: House, bob: Person) -> None:
    """The page that a product with a root of its own shows; as it is sent, with the product's own styles."""
    address = f"{house.address}/trusting"
    about = {
        "name": "Meeting room on ada",
        "until": datetime(2036, 1, 2, tzinfo=UTC),
        "fingerprint": "AB:CD " * 16,
        "secure": "https://127.0.0.1:1/",  # where nobody answers yet
        "goes_on": False,
        "address": address,
        "qr": mark_safe(qr_code.for_page(address, "The address of this page as a QR code")),
    }
    page = render_to_string("pages/https.html", about, request=RequestFactory().get("/https/"))
    bob.page.route("**/trusting", lambda route: route.fulfill(body=page, content_type="text/html; charset=utf-8"))
    bob.page.goto(address)


STATES: list[Callable[[House, Person], None]] = [
    lobby,
    lobby_with_a_refusal,
    lobby_with_rooms,
    joining,
    joining_with_a_refusal,
    room_without_a_word,
    room_with_captions_chat_and_a_gap,
    room_with_speech_without_words_in_a_line,
    room_in_one_stream,
    room_with_chat_folded_and_the_reader_far_up,
    room_while_recording,
    room_without_a_line_to_the_server,
    room_this_browser_is_not_in_any_more,
    room_where_the_host_is_asked,
    room_whose_meeting_has_ended,
    room_with_the_host_s_settings,
    room_where_somebody_renames_themselves,
    room_where_a_line_is_to_be_withdrawn,
    room_with_a_withdrawn_line_and_a_copy_unfolded,
    record_of_the_room,
    record_of_a_meeting,
    record_without_a_meeting,
    staff_list,
    staff_meeting,
    not_open,
    not_there,
    gone_wrong,
    trusting_the_root,
]
