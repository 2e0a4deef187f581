"""The command line: `seriatim COMMAND`."""
