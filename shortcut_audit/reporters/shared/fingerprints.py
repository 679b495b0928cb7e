"""By what is an objection the same in the next run?

By the rule, the model and the shortcut: a re-export, other words, or an edit that moves its line keep it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator

from shortcut_audit.report import Finding


def fingerprints(findings: Iterable[Finding]) -> Iterator[str]:
    """One for each finding, all different: "mark:1", and ":2" for the next of one rule, model and shortcut."""
    seen: Counter[str] = Counter()
    for finding in findings:
        mark = _mark(finding)
        seen[mark] += 1
        yield f"{mark}:{seen[mark]}"


def _mark(finding: Finding) -> str:
    """Sixteen hexadecimal digits for one objection to one shortcut, or to a model."""
    identity = "\0".join([finding.rule, finding.source, finding.shortcut or ""])
    return hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()[:16]
