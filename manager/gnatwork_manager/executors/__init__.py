"""The executors that live, and what they host."""
