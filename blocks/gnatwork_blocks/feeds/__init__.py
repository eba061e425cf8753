"""How `rss` reads feeds; runs in a worker process."""
