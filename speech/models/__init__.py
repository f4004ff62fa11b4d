"""Whisper models: which one serves, where its file lies, and the sources it is fetched from."""
