"""Methods that need no plugin."""
