"""What blocks have of NATS: messages, keys and files, as `gnatwork_blocks.services` promises them."""
