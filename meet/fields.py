"""The fields of an event, read one by one with the type and the bounds each must have, and the refusal of the rest."""

import uuid
from collections.abc import Mapping
from typing import Any


class BadEvent(ValueError):
    """What came is none of our events. `code` is for programs, the message for people; trying again is no use."""

    retryable = False

    def __init__(self, code: str, message: str, **details: Any) -> None:
        super().__init__(message)
        self.code = code
        self.details = details


class Fields:
    """One event's fields. Each way to read one raises BadEvent, with the field's name, where it does not fit."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        self._body = body

    def number(self, name: str, low: float, high: float) -> float:
        value = self._body.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise BadEvent("bad_field", f"{name} must be a number from {low:g} to {high:g}.", field=name)
        return value

    def integer(self, name: str, low: int, high: int) -> int:
        return int(self.number(name, low, high))

    def flag(self, name: str) -> bool:
        value = self._body.get(name)
        if not isinstance(value, bool):
            raise BadEvent("bad_field", f"{name} must be true or false.", field=name)
        return value

    def codes(self, name: str) -> tuple[str, ...]:
        value = self._body.get(name)
        if (
            not isinstance(value, list)
            or len(value) > 20
            or not all(isinstance(c, str) and len(c) <= 20 for c in value)
        ):
            raise BadEvent("bad_field", f"{name} must be a list of at most 20 codes.", field=name)
        return tuple(value)

    def uuid(self, name: str) -> uuid.UUID:
        try:
            return uuid.UUID(self.text(name, 36))
        except ValueError:
            raise BadEvent("bad_field", f"{name} must be a UUID.", field=name) from None

    def text(self, name: str, length: int) -> str:
        value = self._body.get(name)
        if not isinstance(value, str) or len(value) > length:
            raise BadEvent(
                "bad_field", f"{name} must be text of at most {length} characters.", field=name, limit=length
            )
        if any(c == "\0" or "\ud800" <= c <= "\udfff" for c in value):
            raise BadEvent("bad_field", f"{name} holds what is no character.", field=name)
        return value

    def one_of(self, name: str, allowed: tuple[str, ...]) -> str:
        value = self.text(name, 40)
        if value not in allowed:
            raise BadEvent("bad_field", f"{name} must be one of {', '.join(allowed)}.", field=name)
        return value

    def given(self, name: str) -> bool:
        return self._body.get(name) is not None

    def maybe_integer(self, name: str, low: int, high: int) -> int | None:
        return None if self._body.get(name) is None else self.integer(name, low, high)
