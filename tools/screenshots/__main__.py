"""Pictures of every page in every state: `.venv/bin/python -m tools.screenshots FOLDER [STATE ...]`.

Laptop and phone, light and dark, English and Chinese, of a product that runs in a folder of its own; `sheets/` has
those of one state side by side. Without a name all states are taken; an unknown name prints those there are.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import django
from playwright.sync_api import Browser, expect, sync_playwright

if TYPE_CHECKING:
    from tools.screenshots.stage import Reader

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def shoot(folder: Path, name: str, readers: "list[Reader]") -> list[Path]:
    """Each reader's page in both schemes."""
    taken = []
    for reader in readers:
        for scheme in SCHEMES:
            reader.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            taken.append(folder / f"{name}.{reader.size}.{reader.language}.{scheme}.png")
            reader.page.screenshot(path=taken[-1], scale="css" if reader.size == "laptop" else "device")
            wide = reader.page.evaluate("document.documentElement.scrollWidth - innerWidth")
            if wide > 0:
                sys.stdout.write(f"{taken[-1].name}: {wide} px too wide\n")
    sys.stdout.write(f"{name}: {len(taken)} pictures\n")
    sys.stdout.flush()
    return taken


def sheet(browser: Browser, path: Path, pictures: list[Path]) -> None:
    """The pictures of a state side by side, each under its name."""
    page = browser.new_page(viewport={"width": 1960, "height": 400})
    shown = "".join(
        f"<figure><figcaption>{one.stem}</figcaption><img src='{one.resolve().as_uri()}'></figure>" for one in pictures
    )
    source = path.with_suffix(".html")
    style = "body{display:flex;flex-wrap:wrap;gap:8px;margin:8px;background:#888;font:11px sans-serif}figure{margin:0}"
    source.write_text(f"<style>{style}img{{height:596px}}</style>{shown}", encoding="utf-8")
    page.goto(source.resolve().as_uri())
    page.screenshot(path=path, full_page=True)
    page.close()
    source.unlink()


def main() -> None:
    """Take those that were asked for."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    from tests.libretranslate import LibreTranslate
    from tests.meeting.product import serving
    from tools.screenshots import documents  # noqa: F401  its states are among those below
    from tools.screenshots import stage as scene
    from tools.screenshots.states import STATES

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("states", nargs="*", metavar="STATE", help=", ".join(STATES))
    options = parser.parse_args()
    unknown = set(options.states) - set(STATES)
    if unknown:
        parser.error(f"there is no state {', '.join(sorted(unknown))}; there are {', '.join(STATES)}")
    (options.folder / "sheets").mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=30_000)
    with (
        tempfile.TemporaryDirectory() as data,
        LibreTranslate() as libre,
        serving(
            Path(data), TRANSLATOR="libre", LIBRE_URL=libre.url, TIME_ZONE="UTC", ALLOWED_HOSTS=scene.INSECURE
        ) as product,
        sync_playwright() as playwright,
        scene.browsers(playwright, Path(data)) as opened,
    ):
        product.wait_for_line("Model: ", 60)
        stage = scene.Stage(product, *opened)
        stage.open_room()
        scene.speak(playwright, stage.room, "林佳蓉", scene.SAID, Path(data))
        scene.speak(playwright, stage.room, "Kenji", scene.ANSWERED, Path(data))
        for reader, text in zip(stage.readers, ("Good morning", "大家早", "The agenda is up."), strict=False):
            scene.write(reader, text)
        for name in options.states or STATES:
            try:
                for shown, readers in STATES[name](stage):
                    taken = shoot(options.folder, shown, readers)
                    sheet(opened[0], options.folder / "sheets" / f"{shown}.png", taken)
            except Exception as problem:  # the others are taken all the same
                sys.stderr.write(f"{name}: {problem}\n")


if __name__ == "__main__":
    main()
