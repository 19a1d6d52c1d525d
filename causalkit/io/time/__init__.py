"""The axis of time: which column it is, its steps, gaps and restarts."""
