"""What is each model held against?

Every baseline is read once: an earlier JSON report, another model, or a revision of the repository. A model is compared
as soon as it has been audited. Once all have been seen it is known who was renamed, and who is missing.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Callable, Sequence
from pathlib import Path

from shortcut_audit.command.attempt import Task, attempt
from shortcut_audit.command.limits import bounded
from shortcut_audit.errors import ConfigError
from shortcut_audit.frozen import replace
from shortcut_audit.gate import baseline
from shortcut_audit.gate.accepted import AcceptedModel, accept
from shortcut_audit.gate.config import Config
from shortcut_audit.gate.config_values import REVISION
from shortcut_audit.gate.kept import is_report, portable, read
from shortcut_audit.gate.paths import MAGIC, matches
from shortcut_audit.gate.roll import Counterparts, recognised
from shortcut_audit.report import Comparison, Failure, Finding, ModelReport
from shortcut_audit.report.wording import counted


class Asked:
    """Which models does a run ask for: all that the configuration names, those below a folder, or files by name?"""

    def __init__(self, arguments: Sequence[str], here: Path, *, listed: bool = False) -> None:
        """`listed`: a list in a file names models one by one."""
        self._arguments = arguments
        self._listed = listed
        self._here = here
        self._tests: Sequence[Callable[[str], bool]] | None = None

    @property
    def for_all(self) -> bool:
        """Whether no model was named: the configuration names the set."""
        return not self._arguments and not self._listed

    def __call__(self, name: str) -> bool:
        """Whether a run that does not find the model under this name misses it."""
        if self._tests is None:
            self._tests = [test for argument in self._arguments if (test := self._test(argument)) is not None]
        return self.for_all or any(test(name) for test in self._tests)

    def _test(self, argument: str) -> Callable[[str], bool] | None:
        """Whether an argument covers a model of some name; None for one that names a file. It is looked up once."""
        folder = Path(argument)
        try:
            if folder.is_dir():
                root = portable(argument, self._here)
                return lambda name: root == "." or posixpath.normpath(name).startswith(f"{root}/")
        except (OSError, ValueError):
            return None
        if MAGIC.search(argument) and not folder.exists():
            return lambda name: matches(argument, name, self._here)
        return None


class Baselines:
    """The baselines that the models are held against."""

    def __init__(self, settings: Config, sources: Sequence[str], asked: Asked, here: Path) -> None:
        self._settings = settings
        self._asked = asked
        self._alone = len(sources) == 1 and settings.options.baseline is not None and not asked.for_all
        with bounded("the overrides of the configuration"):
            held = {source: self._file(source) for source in sources}
        named: dict[str, list[str]] = {}
        for source, baseline_file in held.items():
            if baseline_file is not None:
                named.setdefault(baseline_file, []).append(source)
        if asked.for_all:
            named = {file: named.get(file, []) for file in (*named, *settings.baselines())}
        self._books: dict[str, _Book] = {}
        self._lists: set[str] = set()
        """The baselines that list what was accepted; another model that serves as one does not."""
        for file, own in named.items():
            self._books[file] = _Book(self._entries(file, own, here))

    def _file(self, source: str) -> str | None:
        """The baseline that a model is held against."""
        return self._settings.settings_for(source).baseline

    def _entries(self, file: str, sources: Sequence[str], here: Path) -> Sequence[AcceptedModel]:
        if file.startswith(REVISION):
            self._lists.add(file)
            return self._at_revision(file, sources, here)
        with bounded("the baselines"):
            if is_report(Path(file)):
                self._lists.add(file)
                return read(Path(file)).models
        return [self._audited(file, sources[0])] if sources else []

    def _at_revision(self, file: str, sources: Sequence[str], here: Path) -> list[AcceptedModel]:
        """The models of a revision: those that are audited now, and those that would have been."""
        from shortcut_audit.command.revisions import Revision

        with Revision(file, here) as revision:
            now = {portable(source, here) for source in sources}
            would = [name for name in revision.models() if name in now or self._would_be_audited(name)]
            return [self._audited(str(revision.written(name)), name, called=f"{file}: {name}") for name in would]

    def _would_be_audited(self, name: str) -> bool:
        if self._asked.for_all:
            return any(matches(pattern, name, self._settings.root) for pattern in self._settings.models)
        return self._asked(name)

    def _audited(self, path: str, source: str, *, called: str = "") -> AcceptedModel:
        """What there is to accept of a model that stands at a path, with what is asked of the model `source`."""
        settings = self._settings.settings_for(source)
        found = attempt(Task(path, settings.dims, settings.inputs, operators=self._settings.operators)).result
        if isinstance(found, Failure):
            raise ConfigError(f"{called or path}: cannot be used as a baseline: {found.message}")
        kept = replace(accept(found), whole=found)
        return replace(kept, source=source) if called else kept

    def fail(self, source: str) -> None:
        """Notes that a model could not be audited: it is there, and not missing."""
        file = self._file(source)
        if file in self._books:
            self._books[file].answer(source, None, alone=self._alone)

    def compare(self, model: ModelReport) -> Comparison | None:
        """The model beside what was accepted of it by its name; None where it has no baseline."""
        file = self._file(model.source)
        if file is None:
            return None
        book = self._books[file]
        then = book.answer(model.source, accept(model), alone=self._alone)
        found = baseline.compare(model, then, file, known=len(book.entries))
        return replace(found, before=_before(then)) if found.changes and then is not None else found

    def settled(self) -> tuple[dict[str, Comparison], list[Finding]]:
        """Once all models have been seen: who was accepted under another name, and what is to be said of the set.

        The findings are at their rules' own levels (policy.levelled gives them what is set).
        """
        renamed: dict[str, Comparison] = {}
        findings: list[Finding] = []
        for file, book in self._books.items():
            unanswered = [entry for entry in book.entries if entry.source not in book.answered]
            found, missing = recognised(unanswered if file in self._lists else (), book.strangers)
            for source, then in found.items():
                renamed[source] = baseline.unchanged(source, then, file, known=len(book.entries))
                findings.append(Finding("model-renamed", "note", source, None, _renamed(then)))
            findings += [
                Finding("model-missing", "error", entry.source, None, _missing(entry, file))
                for entry in missing
                if self._asked(entry.source) and self._file(entry.source) == file
            ]
        return renamed, findings


class _Book:
    """What one baseline holds, and who has answered to it."""

    def __init__(self, entries: Sequence[AcceptedModel]) -> None:
        self.entries = entries
        self.answered: set[str] = set()
        """The entries that some model answers to by its name."""
        self.strangers: dict[str, AcceptedModel] = {}
        """The models that answer to none, by source."""
        self._by_path = Counterparts(entries)

    def answer(self, source: str, model: AcceptedModel | None, *, alone: bool) -> AcceptedModel | None:
        """The entry that a model answers to by its name."""
        found = self._by_path.of(source, model, alone=alone)
        if found is not None:
            self.answered.add(found.source)
        elif model is not None:
            self.strangers[source] = model
        return found


def _before(then: AcceptedModel) -> ModelReport | None:
    """The model as it was, for the picture; None where the baseline holds too little of it, or what is no report."""
    if not isinstance(then.whole, str):
        return then.whole
    from shortcut_audit.command.revived import Mismatch, revived

    try:
        found = revived(ModelReport, json.loads(then.whole))
    except Mismatch:
        return None
    return found if _hangs_together(found) else None


def _hangs_together(report: ModelReport) -> bool:
    """Whether the layers that its shortcuts lead around, and come after, are among its layers."""
    number = len(report.layers)
    spans = [(s.first_layer, s.last_layer) for s in report.shortcuts]
    around = all((a is None) == (b is None) and (a is None or b is None or 0 <= a <= b < number) for a, b in spans)
    return around and all(0 <= shortcut.merge.after_layers <= number for shortcut in report.shortcuts)


def _renamed(then: AcceptedModel) -> str:
    return f"was accepted as {then.source}, which is gone; the structure is the same, and nothing else has changed"


def _missing(entry: AcceptedModel, file: str) -> str:
    shortcuts = counted(len(entry.shortcuts), "shortcut")
    return (
        f"was accepted in {file}, with {shortcuts}, and is not among the models that were audited. "
        "Restore it; if it is meant to go, --write-baseline over the whole set drops it"
    )
