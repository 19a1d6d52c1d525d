"""The sections of reports, one a module; each is a function that returns a `Section`, or None."""
