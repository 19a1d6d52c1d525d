"""Panels in files: readers, what a table means, and writing."""
