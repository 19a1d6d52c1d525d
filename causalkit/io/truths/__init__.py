"""Known graphs in files: lists of edges and matrices."""
