"""How a step is run on this device: as it comes, or captured once and replayed."""

from __future__ import annotations

from collections.abc import Sequence

from speech.decoder.loop import Decoded, Eager, Plan, decode
from speech.decoder.model import Attended, Model
from speech.decoder.rules import Rules


def decoded(
    model: Model, rules: Rules, heard: list[Attended], plans: Sequence[Plan], no_speech: int | None
) -> list[Decoded]:
    """What is written for each row of `heard` by its plan."""
    return decode(model, rules, Eager(model, heard), plans, no_speech)
