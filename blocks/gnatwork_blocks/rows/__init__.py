"""What blocks do with arrays of items and tables, in plain Python."""
