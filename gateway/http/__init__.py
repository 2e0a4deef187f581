"""The HTTP gateway: `seriatim serve` (docs/reference/http.md).

One process with one event loop. Readers wait for speech in the loop (`reading`), with one Redis connection each; short
client calls and encoders run in threads. The progress of all readers is reported to Redis together, twenty times a
second (`delivery_reports`). A gateway holds no state of its own: jobs, positions and recordings are where every gateway
finds them, so a client may continue at any gateway.

    client ── protocol ── guard ── app ── speech | jobs | events | text_stream ...
                                            │ enqueue (threads)      reading ── encoding ── client
                                            ▼                           ▲
                                          Redis ────────────────────────┘  delivery_reports
"""
