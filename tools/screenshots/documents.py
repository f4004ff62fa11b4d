"""The pages beside the room: the record, the staff's list, the errors, the one about trust."""

from datetime import UTC, datetime

from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import translation
from django.utils.safestring import mark_safe

from meeting.https import qr_code
from tools.screenshots.stage import LOCALES, SIZES, STAFF, Reader, Stage, make_staff
from tools.screenshots.states import Shown, close, state


@state
def record(stage: Stage) -> Shown:
    for reader in stage.readers:
        reader.page.goto(f"{stage.room}record/")
    yield "record-meetings", stage.readers
    for reader in stage.readers:
        reader.page.locator("main a[href*='/record/']").first.click()
        reader.page.wait_for_url("**/record/*/**")
    yield "record-meeting", stage.readers
    fresh = [stage.reader(size, language) for size in SIZES for language in LOCALES]
    for reader in fresh:
        reader.page.goto(f"{stage.room}record/")
    yield "record-nothing", fresh
    close(fresh)


@state
def staff(stage: Stage) -> Shown:
    make_staff(stage.product.data)
    fresh = [stage.reader(size, language) for size in SIZES for language in LOCALES]
    for reader in fresh:
        reader.page.goto(f"{stage.product.address}/admin/login/?next=/staff/meetings/")
        reader.page.locator("#id_username").fill(STAFF["USERNAME"])
        reader.page.locator("#id_password").fill(STAFF["PASSWORD"])
        reader.page.locator("[type=submit]").click()
        reader.page.wait_for_url("**/staff/meetings/")
    yield "staff-list", fresh
    for reader in fresh:
        reader.page.goto(f"{stage.product.address}/staff/meetings/?q=nothing+of+this+name")
    yield "staff-nothing-found", fresh
    for reader in fresh:
        reader.page.goto(f"{stage.product.address}/admin/meet/clip/")
    yield "admin-clips", fresh
    close(fresh)


@state
def errors(stage: Stage) -> Shown:
    fresh = [stage.reader(size, language) for size in SIZES for language in LOCALES]
    for reader in fresh:
        reader.page.goto(f"{stage.product.address}/nothing")
    yield "error-404", fresh
    for reader in fresh:
        reader.page.goto(f"{stage.room}#host=guessed")
        reader.page.wait_for_url("**/host/**")
    yield "error-403", fresh
    for reader in fresh:
        reader.page.goto(stage.product.address)
        reader.context.clear_cookies()
        reader.page.get_by_test_id("room-name").fill("Weekly")
        reader.page.get_by_test_id("create-room").click()
    yield "error-csrf", fresh
    for reader in fresh:
        _as_sent(stage, reader, "500.html", {})
    yield "error-500", fresh
    for reader in fresh:
        address = f"{stage.product.address}/https/"
        about = {
            "name": "Meeting room on ada",
            "until": datetime(2036, 1, 2, tzinfo=UTC),
            "fingerprint": ("AB:CD:12:EF:" * 8).rstrip(":"),
            "secure": "https://127.0.0.1:1/",  # where nobody answers yet
            "goes_on": False,
            "address": address,
            "qr": mark_safe(qr_code.for_page(address, "QR")),  # noqa: S308
        }
        _as_sent(stage, reader, "pages/https.html", about)
    yield "https", fresh
    close(fresh)


def _as_sent(stage: Stage, reader: Reader, template: str, about: dict[str, object]) -> None:
    """A page that cannot be asked for here, as it is sent, with the product's own styles."""
    with translation.override("zh-hant" if reader.language == "zh" else "en"):
        page = render_to_string(template, about, request=RequestFactory().get("/https/"))
    reader.page.route("**/as-sent", lambda route: route.fulfill(body=page, content_type="text/html; charset=utf-8"))
    reader.page.goto(f"{stage.product.address}/as-sent")
    reader.page.unroute_all()
