"""Rendering on all cores: a pool of processes, since ReportLab is not thread-safe."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import Self

from sfsync.errors import SetupError, SfsyncError
from sfsync.forms.design import Design
from sfsync.forms.render import render, warm
from sfsync.records import OrderForm, Pdf

#: no form takes this long; a template that loops does
RENDER_SECONDS = 60.0

#: name of the order form in the settings -> what it is made with
_designs: dict[str, Design] = {}


def _start(designs: Mapping[str, Design]) -> None:
    """Prepare a render process: it knows the designs, and ends when its parent says so or dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    threading.Thread(target=_outlive_no_parent, daemon=True).start()
    _designs.update(designs)


def _outlive_no_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent:
        parent.join()
        os._exit(0)


def _warm() -> None:
    """Load fonts and templates while the first records are still being read."""
    for design in _designs.values():
        warm(design)


def _render(form: OrderForm) -> Pdf:
    return render(form, _designs[form.name])


class Renderers:
    """A pool of render processes. The PDFs come back in the order asked for."""

    def __init__(self, designs: Mapping[str, Design], processes: int | None = None) -> None:
        self._designs = dict(designs)
        self._processes = processes or os.cpu_count() or 1
        self._pool = self._new_pool()

    def _new_pool(self) -> ProcessPoolExecutor:
        # spawned, not forked: the processes inherit no threads
        context = multiprocessing.get_context("spawn")
        pool = ProcessPoolExecutor(self._processes, context, initializer=_start, initargs=(self._designs,))
        for _ in range(self._processes):
            pool.submit(_warm)
        return pool

    def render(self, forms: Sequence[OrderForm]) -> Iterator[Pdf | SfsyncError]:
        """Render all of them ahead; yield each as it is wanted. One bad form never holds up the others."""
        futures = [self._submit(form) for form in forms]
        for form, future in zip(forms, futures, strict=True):
            yield self._result(form, future)

    def _result(self, form: OrderForm, future: Future[Pdf]) -> Pdf | SfsyncError:
        try:
            return future.result(timeout=RENDER_SECONDS)
        except SfsyncError as error:
            return error
        except TimeoutError:
            self._restart()
            return SetupError("Rendering took too long.", where=form.template, remedy="Look for a loop without end.")
        except (BrokenProcessPool, CancelledError):
            return self._alone(form)
        except Exception as error:  # noqa: BLE001 (whatever one record does to the renderer stays with that record)
            return SetupError(f"It could not be rendered: {type(error).__name__}: {error}", where=form.template)

    def _submit(self, form: OrderForm) -> Future[Pdf]:
        """Hand a form to the pool; to a new one where a process of the old one died, be it long ago."""
        try:
            return self._pool.submit(_render, form)
        except BrokenProcessPool:
            self._restart()
            return self._pool.submit(_render, form)

    def _alone(self, form: OrderForm) -> Pdf | SfsyncError:
        """A process died, perhaps of another form: try this one by itself."""
        try:
            return self._submit(form).result(timeout=RENDER_SECONDS)
        except SfsyncError as error:
            return error
        except (BrokenProcessPool, TimeoutError):
            self._restart()
            return SetupError(
                "The render process died of this record, perhaps for want of memory.", where=form.template
            )

    def _restart(self) -> None:
        self.close()
        self._pool = self._new_pool()

    def close(self) -> None:
        """End the processes, also those that hang."""
        processes = list((self._pool._processes or {}).values())  # noqa: SLF001 (no public way before Python 3.14)
        self._pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.kill()
            process.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
