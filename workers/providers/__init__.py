"""Providers: what the engines in front of other servers share (docs/explanation/decisions/0031)."""
