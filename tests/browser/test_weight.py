"""What opening a room costs: bytes over the wire, and the time until one can record."""

import statistics

import pytest
from playwright.sync_api import expect

from tests.browser.people import person
from tests.pace import assert_within

MOST_KB = 300
VAD = ("rnnoise", "worklet")  # the detector's model and runtime, which come behind the page
ENABLED = """
const look = () => {
  const record = document.querySelector('[data-testid=record]');
  if (record && !record.disabled && !window.enabledAt) window.enabledAt = performance.now();
};
document.addEventListener('DOMContentLoaded', () => {
  look();
  new MutationObserver(look).observe(document.body, {subtree: true, attributes: true, childList: true});
});
"""


@pytest.fixture
def room(product, playwright):
    """Somebody's page with a room, and the room's address."""
    with person(playwright) as alice:
        address = alice.make_room(product.address, "Weight")
        alice.join("Alice")
        yield alice.page, address


def test_the_room_weighs_under_300_kb_over_the_wire(room, capsys):
    page, address = room
    wire = page.context.new_cdp_session(page)
    asked: dict[str, str] = {}
    came: dict[str, float] = {}
    wire.on("Network.requestWillBeSent", lambda event: asked.update({event["requestId"]: event["request"]["url"]}))
    wire.on("Network.loadingFinished", lambda event: came.update({event["requestId"]: event["encodedDataLength"]}))
    wire.send("Network.enable")
    wire.send("Network.setCacheDisabled", {"cacheDisabled": True})
    page.goto(address)
    expect(page.get_by_test_id("record")).to_be_enabled()
    page.wait_for_load_state("networkidle")
    parts = {asked[request]: size for request, size in came.items() if request in asked}
    counted = {url: size for url, size in parts.items() if not any(name in url for name in VAD)}
    kilobytes = sum(counted.values()) / 1024
    with capsys.disabled():
        print(f"\nroom page: {kilobytes:.0f} KB in {len(counted)} requests")
    assert len(counted) > 10
    assert kilobytes < MOST_KB, sorted(counted.items(), key=lambda one: -one[1])[:8]


@pytest.mark.long
@pytest.mark.alone
def test_one_can_record_within_a_second_of_opening_the_room(room, capsys):
    page, address = room
    page.add_init_script(ENABLED)

    def opened() -> float:
        took = []
        for _ in range(5):
            page.goto(address)
            expect(page.get_by_test_id("record")).to_be_enabled()
            took.append(page.evaluate("window.enabledAt") / 1000)
        return statistics.median(took)

    with capsys.disabled():
        assert_within(1.0, opened, "record enabled")
