"""Tests by a listener that understands: a recogniser proves that every sentence is heard, once, in order and whole."""
