"""Clips: a stretch of recorded speech from its first byte to its row, its audio file and its deletion."""
