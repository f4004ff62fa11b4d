"""HTTPS without a proxy: a local certificate authority, its page for other devices, and one port for both schemes."""
