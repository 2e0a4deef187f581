"""The gateway: the command line and the HTTP server. Neither loads an engine; workers are processes of their own."""
