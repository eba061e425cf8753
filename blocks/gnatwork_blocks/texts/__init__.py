"""CSV and XML, read and written; loaded where it is needed alone."""
