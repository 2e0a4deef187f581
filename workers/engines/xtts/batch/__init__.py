"""The batch: sentences that one XTTS model speaks together."""
