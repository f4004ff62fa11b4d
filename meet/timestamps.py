"""Time as the wire has it (milliseconds of Unix time) and as the database has it (aware datetimes)."""

from datetime import UTC, datetime


def to_ms(moment: datetime) -> int:
    """Milliseconds of Unix time."""
    return round(moment.timestamp() * 1000)


def from_ms(ms: float) -> datetime:
    """The moment in UTC. Raises ValueError or OverflowError outside the years 1 to 9999."""
    return datetime.fromtimestamp(ms / 1000, UTC)
