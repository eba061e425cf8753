"""The pure heart of Gnatwork: compiler, templates and the core that runs them. No I/O, no clock, no chance."""
