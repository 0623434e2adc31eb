"""One file a feature (or a family of them). Every module here is imported when the registry is first listed."""
