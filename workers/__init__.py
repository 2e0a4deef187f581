"""The voices: worker processes, and the engines that they load once."""
