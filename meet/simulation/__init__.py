"""People who are not there: audio files spoken into a room in real time, as browsers would."""
