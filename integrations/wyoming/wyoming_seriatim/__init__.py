"""Wyoming server for Seriatim: Home Assistant's protocol in front of a gateway's WebSocket `/v1/stream`."""
