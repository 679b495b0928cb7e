"""Do the front ends agree on the models that people use? Run by hand: `python -m tests.census --help`."""
