"""Published benchmark data sets."""
