"""The audit log: every change is written down before it is answered."""
