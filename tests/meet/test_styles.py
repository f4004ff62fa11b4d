"""Colours and sizes of letters have one home: tokens.css. Components use its names."""

import re
from pathlib import Path

CSS = Path(__file__).resolve().parents[2] / "static/meet/css"
TOKENS = (CSS / "tokens.css").read_text(encoding="utf-8")
COMPONENTS = [path for path in sorted(CSS.glob("*.css")) if path.name != "tokens.css"]
RAW = re.compile(r"#[0-9a-f]{3,8}\b|\b(?:rgb|rgba|hsl|hsla|oklch)\(|font(?:-size)?:[^;]*\b[\d.]+(?:rem|px|pt)", re.I)


def test_components_name_no_colour_and_no_size_of_letters_of_their_own():
    found = [
        f"{path.name}:{number}: {line.strip()}"
        for path in COMPONENTS
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if RAW.search(re.sub(r"var\([^)]*\)", "", line))
    ]
    assert found == []


def test_every_name_that_components_use_is_there():
    own = set(re.findall(r"(--[\w-]+)\s*:", "".join(path.read_text("utf-8") for path in CSS.glob("*.css"))))
    used = {name for path in CSS.glob("*.css") for name in re.findall(r"var\((--[\w-]+)", path.read_text("utf-8"))}
    assert used - own == set()


def test_dark_has_every_colour_that_light_has():
    light, dark = TOKENS.split("@media (prefers-color-scheme: dark)")
    coloured = re.compile(r"(--[\w-]+):[^;]*(?:#[0-9a-f]{6}|rgb\()", re.I)
    assert set(coloured.findall(light)) - set(coloured.findall(dark)) <= {"--veil"}
