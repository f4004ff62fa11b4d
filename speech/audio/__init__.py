"""Audio: decoding, down-mixing, levels, voice detection and cutting. No torch."""
