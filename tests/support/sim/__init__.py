"""An in-memory model of the NATS server and its clients, under virtual time and a seeded source of chance."""
