"""Versions of stored workflows: how they are written, published, compared and removed."""
