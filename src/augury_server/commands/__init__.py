"""The platform in the terminal: views of results, and Django's management command."""
