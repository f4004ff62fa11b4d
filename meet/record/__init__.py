"""The record of a meeting: caption lines, transcript files, the recording, and the pages and files people read."""
