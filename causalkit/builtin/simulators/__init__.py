"""Simulators: systems whose causal graph is known because we wrote their equations, one a file."""
