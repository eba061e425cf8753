"""Slices of programs, wherever what came of their steps is kept; see `ports` for what that takes."""
