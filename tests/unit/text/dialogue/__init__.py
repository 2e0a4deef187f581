"""Tests of dialogues, novels and outlines as texts."""
