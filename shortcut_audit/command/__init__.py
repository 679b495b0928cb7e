"""How is a run made: arguments, sources, limits, processes, files? cli.py is the way in, and alone prints."""
