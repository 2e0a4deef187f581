"""The server process: uvicorn, its protocols, its limits, how it drains."""
