"""The hibari engine: a small neural English voice for CPUs (docs/explanation/decisions/0022)."""
