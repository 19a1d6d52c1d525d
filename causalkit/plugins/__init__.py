"""How plugins are found: hooks, records, the registry, and parameters from text."""
