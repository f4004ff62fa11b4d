"""The commands of `python -m speech`: transcribe, simulate, models."""
