"""The selection rules of causalkit itself, one a file."""
