"""What Daphne and Django's handler lack to serve this: back-pressure, proxy headers, threads that keep a connection."""
