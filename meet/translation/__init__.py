"""Captions in other languages: what is promised with a caption, and how the promise is kept."""

from meet.translation.plan import Planned, plan, possible, wants_english
from meet.translation.queue import close, idle, request, sweep
from meet.translation.speech_model import replace_at

__all__ = ["Planned", "close", "idle", "plan", "possible", "replace_at", "request", "sweep", "wants_english"]
