"""From a recording to its text: clips, checks of what was written, and a second pass over what is missing."""
