"""Where are many models audited: in this process, in others of this machine, or on a cluster?

Each place is an executor of `concurrent.futures`, whose futures bring an attempt, or say in an `Unfinished` what became
of the model instead. No engine is written here: processes are pebble's, a cluster is Dask's, others are the caller's.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from concurrent.futures import TimeoutError as Overdue
from typing import TYPE_CHECKING, Any

from shortcut_audit.errors import Lost, UsageError

if TYPE_CHECKING:
    from pebble import ProcessPool

HANG_SECONDS = 600.0
"""How long one model may take in a process of its own."""

PRELOADED = ("shortcut_audit.command.attempt", "shortcut_audit.command.warm")
"""What every worker has from the start: it is imported once, in the process that workers are forked from."""


class Unfinished(Exception):
    """What became of one model's audit, where no attempt came back: "crashed the audit (killed by SIGKILL)"."""


def explained(error: BaseException) -> Unfinished | Lost:
    """What an executor's own exception means for the model, or for all that are left."""
    if isinstance(error, Unfinished | Lost):
        return error
    if isinstance(error, CancelledError | BrokenExecutor):
        return Lost(f"no process is left that could audit the rest ({type(error).__name__})")
    return Unfinished(f"crashed the audit ({type(error).__name__}: {error})")


@contextlib.contextmanager
def local(jobs: int) -> Iterator[Executor]:
    """At most `jobs` processes of this machine. One that dies or hangs is replaced, and costs its model alone."""
    from pebble import ProcessPool

    pool = ProcessPool(jobs, initializer=_begin, context=_context())
    try:
        yield _Local(pool)
        pool.close()  # type: ignore[no-untyped-call]
    except BaseException:
        pool.stop()  # type: ignore[no-untyped-call]
        raise
    finally:
        pool.join()


class _Local(Executor):
    """Pebble's pool as an executor, each task with a deadline."""

    def __init__(self, pool: ProcessPool) -> None:
        self._pool = pool

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        try:
            future = self._pool.schedule(function, args=args, kwargs=kwargs, timeout=HANG_SECONDS)
        except RuntimeError as error:  # the pool is closed, as no process could be started
            raise Lost(NO_PROCESS) from error
        return _translated(future, _of_pebble)


NO_PROCESS = "no process can be started to audit in; leave --jobs out"


@contextlib.contextmanager
def dask(address: str) -> Iterator[Executor]:
    """The workers of a Dask cluster, which need this package and nothing else. Raises UsageError.

    A model whose worker dies is tried on another one, as often as `distributed.scheduler.allowed-failures` of the
    cluster says, and then has failed.
    """
    try:
        from distributed import Client
    except ImportError:
        raise UsageError('--scheduler needs the extra "dask": pip install "shortcut-audit[dask]"') from None
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise UsageError(f"{address}: no Dask scheduler answers there ({type(error).__name__})") from None
    try:
        yield _Dask(client)
    finally:
        with contextlib.suppress(Exception):  # the scheduler may be gone
            client.close(timeout=CONNECT_SECONDS)  # type: ignore[no-untyped-call]


CONNECT_SECONDS = 10


class _Dask(Executor):
    """A Dask client as an executor, whose exceptions are told in our words."""

    def __init__(self, client: Any) -> None:
        self._executor = client.get_executor(pure=False)

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        return _translated(self._executor.submit(function, *args, **kwargs), _of_dask)


def _of_dask(error: BaseException) -> BaseException:
    from distributed import KilledWorker

    if isinstance(error, KilledWorker):
        return Unfinished(f"crashed the audit (so did {error.allowed_failures + 1} workers, one after the other)")
    if isinstance(error, CancelledError):
        return Lost("the Dask scheduler has gone away")
    return error


def _of_pebble(error: BaseException) -> BaseException:
    from pebble import ProcessExpired

    if isinstance(error, ProcessExpired):
        return Unfinished(f"crashed the audit ({_ending(error.exitcode)})")
    if isinstance(error, Overdue):
        return Unfinished(f"gave no answer in {HANG_SECONDS:.0f} seconds and was stopped")
    return Lost(NO_PROCESS) if isinstance(error, BrokenExecutor) else error


def _ending(exitcode: int | None) -> str:
    if exitcode is None or exitcode >= 0:
        return f"exit status {exitcode}"
    return f"killed by {signal.Signals(-exitcode).name}" if -exitcode in set(signal.Signals) else f"signal {-exitcode}"


def _translated(future: Future[Any], translate: Callable[[BaseException], BaseException]) -> Future[Any]:
    """A future like the given one, whose exception is told in our words."""
    told: Future[Any] = Future()

    def settle(settled: Future[Any]) -> None:
        if not told.set_running_or_notify_cancel():
            return
        if settled.cancelled():
            told.set_exception(translate(CancelledError()))
        elif (error := settled.exception()) is not None:
            told.set_exception(translate(error))
        else:
            told.set_result(settled.result())

    future.add_done_callback(settle)
    return told


def _context() -> multiprocessing.context.BaseContext:
    """How processes are started: forked from one that has the engine, and nothing else, where the system can do so.

    Forked from this one, they would inherit the locks of whatever threads run here.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(PRELOADED))
    return context


def _begin() -> None:
    """Makes a new process fit to be a worker. Ctrl-C, which the terminal sends to everybody, pebble has it ignore."""
    threading.Thread(target=_die_with_parent, daemon=True).start()
    os.dup2(2, 1)  # what a model's own code prints must not get into the report


def _die_with_parent() -> None:
    """Ends this process as soon as the one that it works for is gone, however it went."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
