"""URL paths that more than one module must know."""

#: for those who watch: never refused for want of room, nor traced
MONITORING_PATHS = ("/health", "/healthz", "/readyz", "/metrics")
API_PREFIXES = ("/v1/", *MONITORING_PATHS, "/openapi.json")  #: what is no file of the page, by any method
