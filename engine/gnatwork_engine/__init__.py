"""The pure heart of Gnatwork: no I/O, no clock, no randomness."""
