"""Bars and news in the database: loaded, judged, kept with the time they were known."""
