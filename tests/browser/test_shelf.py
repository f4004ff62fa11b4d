"""The browser's disk under several pages: what one leaves that others outlive goes to one of those."""

from tests.browser.capture_page import capture_page
from tests.meeting.product import until

SHELF = """async (room) => {
  const { ClipStore } = await import('/static/meet/js/capture/clip_store.js');
  window.shelf = new ClipStore(room);
  window.left = [];
  void window.shelf.adopt((left) => window.left.push(...left.map((one) => [one.clip, one.chunks.length])));
}"""
SAY = """async () => {
  window.shelf.keep('said', { started_at: 0, keep_from: 0 }, null);
  window.shelf.add({ clip: 'said', number: 0, data: new Uint8Array(10), at: 0 });
}"""
# whoever opens it before the shelf has made it would make an empty one
KEPT = """async () => {
  if (!(await indexedDB.databases()).some(({ name }) => name === 'meet-clips')) return 0;
  return new Promise((done) => {
    const ask = indexedDB.open('meet-clips');
    ask.onsuccess = () => {
      const all = ask.result.transaction('chunks').objectStore('chunks').count();
      all.onsuccess = () => { ask.result.close(); done(all.result); };
    };
  });
}"""


def opened(page, room):
    """Another page of the same browser, in this room."""
    with page.expect_popup() as popup:
        page.evaluate("() => void window.open(location.href)")
    until(lambda: popup.value.evaluate("Boolean(window.capture)"), 20, lambda: "the page does not load")
    popup.value.evaluate(SHELF, room)
    return popup.value


def test_what_a_page_leaves_goes_to_one_that_was_open_beside_it_and_to_no_other_room():
    with capture_page(None) as page:
        first = opened(page, "here")
        first.evaluate(SAY)
        until(lambda: first.evaluate(KEPT) == 1, 10, lambda: "it is not kept")
        beside, elsewhere = opened(page, "here"), opened(page, "there")
        assert beside.evaluate("left") == []
        first.close()
        until(lambda: beside.evaluate("left") == [["said", 1]], 10, lambda: "nobody took it")
        assert elsewhere.evaluate("left") == []
