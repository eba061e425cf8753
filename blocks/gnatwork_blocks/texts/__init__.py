"""CSV and XML, read and written within a worker process, which pays for them alone."""
