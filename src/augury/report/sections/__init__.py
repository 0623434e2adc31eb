"""The parts of a page, one file each: from a story to markup, empty where there is nothing to tell."""
