"""Event streams: what happens, as it happens, to whoever listens over HTTP.

`outbox` bounds what waits for a reader, `sources` turns histories into text, `routes` are those of a workflow and of a
namespace.
"""
