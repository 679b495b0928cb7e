"""Which copy of the package is tested?

The installed one: the checkout's root comes last on the path, only so that tests find their helpers (`tests.sketch`).
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))
