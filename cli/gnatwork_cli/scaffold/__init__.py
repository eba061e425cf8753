"""What `gnatwork blocks new` writes: a package of blocks that works as it is."""
