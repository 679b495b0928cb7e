"""What does the team ask of its models?

`[tool.shortcut-audit]` of the nearest pyproject.toml up to the repository root, or the file that `--config` names. The
file is part of the change under review: it names neither code to import nor a path outside the repository. Whatever is
wrong with it is said at once, all of it.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from shortcut_audit.config_values import TABLE_KEYS, Override, Parsed, Problems, parse
from shortcut_audit.errors import ConfigError, UsageError
from shortcut_audit.paths import leaves, matches, repository_root
from shortcut_audit.rules import RULE_IDS, RULES
from shortcut_audit.settings import FailOn, Ignore, RuleLevel, Settings

