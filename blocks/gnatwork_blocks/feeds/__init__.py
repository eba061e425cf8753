"""How `rss` gets feeds and reads them; the reading is done in a worker process."""
