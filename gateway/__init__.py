"""The doors: the command line, and what it starts. Doors load no engine: workers are processes of their own."""
