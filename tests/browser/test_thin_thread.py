"""The whole way once: a voice in one browser, words in another, lines in the files."""

import time

from playwright.sync_api import expect

from tests.browser.people import person, script
from tests.sentences import sentences

HELLO = sentences("zh", exact=True)[0]


def test_a_sentence_spoken_in_one_browser_is_read_in_another_and_in_the_files(product, playwright, tmp_path):
    said = script(tmp_path / "said.wav", [HELLO])
    with person(playwright, said.path) as alice, person(playwright) as bob:
        address = alice.make_room(product.address, "週會")
        alice.join("Alice")
        bob.join("Bob", address)
        alice.record()
        bob.wait_for_captions(1, said.seconds + 15)
        [line] = bob.captions()
        assert (line["speaker"], line["text"], line["lang"]) == ("Alice", HELLO.text, "zh-Hant")
        done = bob.page.locator('[data-testid=caption-translation][data-state="done"]')
        done.nth(2).wait_for(timeout=40_000)
        translated = {t["lang"]: t["text"] for t in bob.captions()[0]["translations"]}
        assert translated["en"] == HELLO.translations["en"]
        assert translated["ja"] == HELLO.translations["ja"]
        assert set(translated) == {"en", "ja", "zh-Hans"}
        alice.stop()
    files = _files(product)
    assert HELLO.text in files["combo"]
    assert HELLO.translations["en"] in files["EN"]
    assert HELLO.translations["ja"] in files["JP"]
    assert "谢谢大家" in files["CN"]


def test_markup_in_names_and_messages_is_text_to_every_page(product, playwright):
    mark = "<img src=x onerror=window.harm=1><b>Eve"
    with person(playwright) as eve, person(playwright) as bob:
        address = eve.make_room(product.address, "<i>Room</i>")
        eve.join(mark)
        bob.join("Bob", address)
        eve.page.get_by_test_id("chat-input").fill("<script>window.harm=1</script>\n<a href='javascript:harm'>me")
        eve.page.get_by_test_id("chat-send").click()
        expect(bob.page.get_by_test_id("message")).to_contain_text("<script>window.harm=1</script>")
        expect(bob.page.get_by_test_id("members")).to_contain_text(mark)
        expect(bob.page.locator("h1")).to_contain_text("<i>Room</i>")
        assert bob.page.evaluate("window.harm") is None
        assert bob.page.locator("[data-testid=message] a, [data-testid=members] b, h1 i").count() == 0


def _files(product):
    """The text of each combo file, by its prefix, once all of them hold a line."""
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline:
        found = {
            (path.name.split("combo_")[0].rstrip("_") or "combo"): path.read_text(encoding="utf-8")
            for path in (product.data / "media").glob("*/*/*combo_*.txt")
        }
        if len(found) == 5 and all("Alice" in text and "waiting" not in text for text in found.values()):
            return found
        time.sleep(0.2)
    raise AssertionError(f"the files are not complete: {found}")
