"""The way out: an HTTP client that can't be led to private addresses, for blocks and for managers."""
