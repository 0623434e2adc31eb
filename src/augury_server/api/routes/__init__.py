"""What each path does, a module for each family of paths."""
