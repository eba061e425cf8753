"""The only room that knows NATS: connections, streams, consumers, history, key-value, payloads, the server."""
