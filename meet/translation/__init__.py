"""Captions in other languages: what is promised with a caption, and how the promise is kept."""

from meet.translation.desk import close, idle, request, sweep
from meet.translation.plan import Planned, plan, possible

__all__ = ["Planned", "close", "idle", "plan", "possible", "request", "sweep"]
