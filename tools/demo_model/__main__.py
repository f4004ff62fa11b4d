"""What made the bundled model, a command a step: `python -m tools.demo_model speak | train | align | measure`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.demo_model import measure, synth
from tools.demo_model.align import align
from tools.demo_model.corpus import save
from tools.demo_model.examples import Mix
from tools.demo_model.train import Recipe, Training

SENTENCES = 30_000
MEASURED = 300  # sentences, of voices it was trained on and as many of voices it never heard


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one step; 2 where something must be installed first."""
    options = _parser().parse_args(arguments)
    if options.step == "speak" and (missing := synth.missing()):
        sys.stderr.write(f"{missing}\n")
        return 2
    {"speak": _speak, "train": _train, "align": _align, "measure": _measure}[options.step](options)
    return 0


def _speak(options: argparse.Namespace) -> None:
    corpora = [
        ("train", options.sentences, 1, synth.VARIANTS),
        ("seen", MEASURED, 2, synth.VARIANTS),
        ("unheard", MEASURED, 3, synth.UNHEARD),
    ]
    for name, sentences, seed, variants in corpora:
        hours = save(options.work, name, synth.spoken(sentences, seed, variants))
        sys.stdout.write(f"{name}: {sentences} sentences, {hours:.2f} hours\n")


def _train(options: argparse.Namespace) -> None:
    mix = Mix(sentences=(1, 0, 0, 0, 0), clean=0.6) if options.easy else Mix()
    recipe = Recipe(options.minutes, options.window_minutes, mix=mix, most_steps=options.steps)
    Training(options.work, recipe, resume=options.resume).run()


def _align(options: argparse.Namespace) -> None:
    align(options.work, Training(options.work, Recipe(0, 0), resume=True).network)


def _measure(options: argparse.Namespace) -> None:
    for line in measure.fully(options.checkpoint or options.work / "demo.pt", options.work, options.sentences):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.demo_model", description=__doc__)
    steps = parser.add_subparsers(dest="step", required=True)
    for step, does in {
        "speak": "have machines say sentences",
        "train": "train on them, and write demo.pt",
        "align": "find where each word ends, for examples that are cut short",
        "measure": "print how well demo.pt hears",
    }.items():
        steps.add_parser(step, help=does).add_argument("work", type=Path, help="a folder for some 3 GB")
    steps.choices["speak"].add_argument("--sentences", type=int, default=SENTENCES)
    train = steps.choices["train"]
    train.add_argument("--minutes", type=float, default=150, help="on short clips")
    train.add_argument("--window-minutes", type=float, default=60, help="then on windows of 30 s")
    train.add_argument("--steps", type=int, help="end after so many")
    train.add_argument("--easy", action="store_true", help="one sentence a clip and little noise: to begin with")
    train.add_argument("--resume", action="store_true", help="go on from training.pt")
    steps.choices["measure"].add_argument("--checkpoint", type=Path)
    steps.choices["measure"].add_argument("--sentences", type=int, default=90)
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
