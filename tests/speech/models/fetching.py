"""A process that fetches a model from OpenAI's address as a test gives it: `python -m tests.speech.models.fetching
FOLDER URL`. It says what the product would say, and the path at its end."""

from __future__ import annotations

import sys
from pathlib import Path

from speech.models import store
from speech.models.from_openai import OpenAI
from tests.speech.models.small import NAME


def main(folder: str, url: str) -> None:
    """Fetch it."""
    sources = [OpenAI({NAME: url})]
    path = store.obtain(NAME, url.split("/")[-2], Path(folder), sources, say=lambda line: print(line, flush=True))
    print(path, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
