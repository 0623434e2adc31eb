"""Measures of the bar returns and the growth of an account, one a file."""
