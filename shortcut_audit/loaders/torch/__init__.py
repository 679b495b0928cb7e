"""Which graph does PyTorch itself make? The one folder that imports torch."""
