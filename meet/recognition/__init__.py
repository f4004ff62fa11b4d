"""The speech tier as the web tier sees it: its HTTP client and its state."""
