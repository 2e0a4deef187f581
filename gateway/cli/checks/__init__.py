"""Checks of `seriatim doctor`: each looks at one thing, changes nothing, and returns results."""
