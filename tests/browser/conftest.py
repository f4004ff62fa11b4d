"""The whole product, served for real, and a Playwright to drive browsers with."""

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.libretranslate import LibreTranslate
from tests.meeting.product import serving

expect.set_options(timeout=40_000)  # a busy machine takes its time; what is right is seen at once all the same


@pytest.fixture(scope="module")
def playwright():
    """One Playwright a module: its loop runs in this thread as long as it lives, and other tests have loops too."""
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    """`manage.py serve` with the bundled model and a LibreTranslate of the tests' own."""
    with (
        LibreTranslate() as libre,
        serving(
            tmp_path_factory.mktemp("product"), TRANSLATOR="libre", LIBRE_URL=libre.url, TIME_ZONE="UTC"
        ) as running,
    ):
        running.libre = libre
        running.wait_for_line("Model: ")
        yield running
