"""`manage.py serve`: the supervisor and its child processes (web, speech, Redis), the start and the end of each."""
