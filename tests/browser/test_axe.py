"""axe-core finds nothing on any page in any state: light and dark, on a laptop and on a phone."""

import pytest

from tests.browser.page_states import STATES, House, make_staff
from tests.browser.people import chromium, visitor
from tests.meeting.product import ROOT, serving

pytestmark = pytest.mark.long

AXE = ROOT / "node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SIZES = {"laptop": {"width": 1366, "height": 850}, "phone": {"width": 390, "height": 844}}
FINDINGS = """async (rules) => {
  const {violations} = await axe.run(document, {runOnly: {type: 'tag', values: rules}, resultTypes: ['violations']});
  return violations.flatMap(({id, help, nodes}) => nodes.map((node) =>
    `${id}: ${help}: ${node.target.join(' ')} ${node.any.concat(node.all).map((one) => one.message)[0] ?? ''}`));
}"""


@pytest.fixture(scope="module")
def browser(playwright):
    with chromium(playwright) as running:
        yield running


@pytest.fixture(scope="module")
def house(tmp_path_factory, browser):
    data = tmp_path_factory.mktemp("axe")
    with serving(data) as running:
        make_staff(data)
        yield House(running.address, data, browser)


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_axe_finds_nothing(house, browser, state):
    with visitor(browser, reduced_motion="reduce") as bob:
        state(house, bob)
        bob.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = []
        for size, viewport in SIZES.items():
            bob.page.set_viewport_size(viewport)
            for scheme in ("light", "dark"):
                bob.page.emulate_media(color_scheme=scheme)
                found += [f"{size}, {scheme}: {one}" for one in bob.page.evaluate(FINDINGS, RULES)]
    assert not found, "\n".join(found)
