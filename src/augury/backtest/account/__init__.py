"""The account and the engine of one instrument: what orders, time and corporate actions do to it; trades."""
