"""The shell around the core: takes a run's events, folds them, and performs what they call for."""
