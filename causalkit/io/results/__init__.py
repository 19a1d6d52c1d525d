"""Discoveries in files."""
