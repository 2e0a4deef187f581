"""The HTTP gateway: `seriatim serve` (docs/reference/http.md).

One process, one event loop. Whatever waits for speech waits in the loop (`follow`), one Redis connection a reader;
short calls of the producer and the encoders have threads. What readers were given is told to Redis for all of them
together, twenty times a second (`reports`). A gateway keeps nothing that another one would miss: jobs, positions and
recordings are where every gateway finds them, so a client goes on wherever it connects next.

    client ── protocol ── guard ── app ── speech | jobs | events | socket ...
                                            │ enqueue (threads)      follow ── encoding ── client
                                            ▼                           ▲
                                          Redis ────────────────────────┘  reports
"""
