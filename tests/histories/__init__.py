"""Histories of real runs, one per construct, and what came of them: today's code must come to the same."""
