"""Tests of seriatim/text: what is made of a text, step by step."""
