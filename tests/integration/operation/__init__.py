"""Tests of what operators meet: brokers, logs, gauges, worker processes."""
