"""The voices: one module per engine, found through `registry` and imported only when asked for."""
