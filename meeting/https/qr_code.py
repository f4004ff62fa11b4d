"""QR code of an address, for a terminal and for a page."""

import io
import sys

import segno

BLACK_ON_WHITE = "\x1b[97;40m{}\x1b[0m"  # white blocks on a black ground, whatever the terminal's own colours are


def for_terminal(address: str) -> list[str]:
    """Its lines, two rows of the code in each."""
    drawn = io.StringIO()
    segno.make(address, error="l", micro=False).terminal(drawn, border=2, compact=True)
    lines = drawn.getvalue().rstrip("\n").split("\n")
    # a Windows console shows the escapes themselves, and is dark
    return lines if sys.platform == "win32" else [BLACK_ON_WHITE.format(line) for line in lines]


def terminal_takes_it() -> bool:
    """Whether a person looks at our output, and it can show blocks."""
    try:
        "█▀▄".encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return sys.stdout.isatty()


def for_page(address: str, title: str) -> str:
    """An SVG element of no size of its own, dark on white in light and dark pages alike."""
    code = segno.make(address, error="m", micro=False)
    return code.svg_inline(border=3, dark="#000", light="#fff", omitsize=True, title=title, svgclass="qr")
