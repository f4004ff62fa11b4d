"""A room with hours of a meeting in it, and somebody who comes late."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.browser.people import chromium, visitor
from tests.browser.reading.lines import LINES, MESSAGES, long_room
from tests.meeting.product import serving


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The product, with rooms whose meetings are written into its database."""
    with serving(tmp_path_factory.mktemp("reading")) as running:
        yield running


@pytest.fixture(scope="module")
def browser(playwright):
    """One browser for all; each person has a session of their own in it."""
    with chromium(playwright) as running:
        yield running


@pytest.fixture(scope="module")
def address(served, browser):
    """A room with hours of a meeting in it."""
    return long_room(served, browser, LINES, MESSAGES)


@pytest.fixture
def page(browser, address) -> Iterator[Page]:
    """What somebody who comes late sees."""
    with visitor(browser) as carol:
        carol.join("Carol", address)
        carol.page.get_by_test_id("caption").first.wait_for()
        yield carol.page
