"""Voice agents that speak through a framework: our plugin beside the framework's plugin for OpenAI's API."""
