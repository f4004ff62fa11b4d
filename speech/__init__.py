"""The speech tier: audio in, text out. Knows nothing of rooms, pages or databases, and runs alone."""
