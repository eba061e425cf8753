"""What integrations bring beside blocks: types of triggers and of connections."""
