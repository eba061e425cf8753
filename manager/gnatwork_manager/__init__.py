"""The manager: takes definitions and starts runs, shows what becomes of them, over HTTP and over NATS."""
