"""Metrics of a gateway process and of the pools, for Prometheus."""
