"""The command `gnatwork`: floor 5 of the house, the only one that may import all others."""
