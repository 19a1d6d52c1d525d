"""Robust pre-training on small images: what a fine-tuned classifier inherits, and what a regularizer wins back.

python -m benchmarks.robust_images --seeds 0:10 -o robust_images.csv -o robust_images.png
"""
