"""Engines: one package per engine, found through `engine_registry` and imported only when it is used."""
