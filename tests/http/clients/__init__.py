"""Tests of clients as they are: other projects', proxies', many, hostile, on a WebSocket."""
