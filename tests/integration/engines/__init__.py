"""Tests of engines at work, with their real libraries and models."""
