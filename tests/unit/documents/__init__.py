"""Tests of seriatim/text/documents: files of all kinds."""
