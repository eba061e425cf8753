"""Measures the product beside the floor: what this machine can do with JetStream and nothing else."""
