"""The run index: which runs there are, in SQLite. A projection of the status bucket, rebuilt whenever it is lost.

`query` says what to look for, `store` is the file, `feed` keeps it up to date.
"""
