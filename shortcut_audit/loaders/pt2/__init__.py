"""Which graph does a `.pt2` archive of torch.export hold, read without torch? archive.py is the way in."""
