"""The server process: uvicorn, its protocols, limits and draining."""
