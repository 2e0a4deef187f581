"""URL paths that several modules use."""

#: never refused by the concurrency limit, and not traced
MONITORING_PATHS = ("/health", "/healthz", "/readyz", "/metrics")
API_PREFIXES = ("/v1/", *MONITORING_PATHS, "/openapi.json")  #: never files of the page
