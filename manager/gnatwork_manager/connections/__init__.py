"""Connections: named credentials, sealed before they are stored, opened by managers alone."""
