"""Who is heard next: the scheduler of the engine, its turns, retries and beam policy."""
