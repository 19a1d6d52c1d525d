"""Training in two stages: pre-train on a source, fine-tune on the target."""
