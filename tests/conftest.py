"""Which copy of the package is tested, and how long may an example of a property take?

The installed one: the checkout's root comes last on the path, only so that tests find their helpers (`tests.sketch`).
As long as it takes: a deadline would be one of wall time, which a loaded machine misses.
"""

import sys
from pathlib import Path

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

sys.path.append(str(Path(__file__).parents[1]))
