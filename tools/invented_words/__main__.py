"""Invented words: what a Whisper model writes where nobody speaks, and whether short remarks get a line.

    python -m tools.invented_words measure ROWS.jsonl --model FILE [--minutes 60] [--data FOLDER] [--prompts FOLDER]
        [--seed 0]
    python -m tools.invented_words report ROWS.jsonl [the same] [--csv FILE]

`measure` hears an hour of generated sounds without speech, and the people's recordings and remarks of FOLDER
(`human/index.json` and what `remarks.CUTS` names), each with the speech gate and without it. It goes on where it was
ended. `report` writes docs/invented-words.md's tables from the rows, under the rules as they are now.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from tools.invented_words import journey, noises, remarks, report
from tools.invented_words.journey import Sound

LANGUAGES = (None, "en", "zh", "ja")  # what a round of all kinds of noise is heard as


def sounds(minutes: float, data: Path | None, prompts: Path | None, seed: int = 0) -> Iterator[Sound]:
    """Every sound of a measurement."""
    if data:
        yield from remarks.cut(data)
        yield from remarks.recordings(data / "human" / "index.json")
        yield from remarks.with_tails(data / "human" / "index.json")
    if prompts:
        yield from remarks.whole(prompts, "en")
    for number, noise in enumerate(noises.hour(minutes, seed)):
        language = LANGUAGES[number // len(noises.KINDS) % len(LANGUAGES)]
        yield Sound(noise.name, noise.kind, noise.audio, language)


def main(arguments: list[str]) -> None:
    """Measure or report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("do", choices=("measure", "report"))
    parser.add_argument("rows", type=Path)
    parser.add_argument("--model", default="auto")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0, help="of the generated sounds")
    parser.add_argument("--data", type=Path, help="people's recordings: human/index.json and others")
    parser.add_argument("--prompts", type=Path, help="a folder of short WAV files, each a word or two in English")
    parser.add_argument("--csv", type=Path, help="every row with its figures")
    given = parser.parse_args(arguments)
    heard = sounds(given.minutes, given.data, given.prompts, given.seed)
    if given.do == "measure":
        journey.measure(given.model, heard, given.rows)
        return
    journeys = journey.read(given.rows)
    found = list(report.seen(journeys, heard))
    if given.csv:
        report.write_csv(found, given.csv)
    sys.stdout.write(report.markdown(found, journeys))


if __name__ == "__main__":
    main(sys.argv[1:])
