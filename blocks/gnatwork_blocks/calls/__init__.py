"""Calls of a user's function, in whatever language: what is asked of a worker process, and what it answers."""
