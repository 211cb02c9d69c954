"""Rendering on all cores, in processes: ReportLab is not thread-safe, and whatever a form does stays in its process.

Each process has one form in hand, so that whoever hangs, dies or eats memory costs nobody else's form.
"""

import gc
import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Self

from sfsync import traces
from sfsync.errors import SetupError, SfsyncError, TryAgainLater, trail
from sfsync.events import Heed, Rendered, nobody
from sfsync.forms.design import Design
from sfsync.forms.render import render, warm
from sfsync.records import OrderForm, Pdf

#: no form takes this long; a template that loops does
RENDER_SECONDS = 10.0
#: of memory for one form, above what a process has once fonts and templates are loaded
RENDER_BYTES = 300 * 2**20
#: of one PDF: base64 makes a third more of it, and a call takes about 50 MB
LARGEST_PDF = 25_000_000
#: forms of one batch that are rendered ahead: what one call attaches and some more. The rest leaves others a turn
_AHEAD = 100
#: designs that a process keeps: those of orgs that have work now
_DESIGNS = 32
#: imports, fonts, templates; a busy machine takes a while
_START_SECONDS = 60.0
_LOOP = "Look for a loop without end, or for a list that is far too long."
_MEMORY = "Look for text that repeats without end, or for a huge picture."


class Renderers:
    """A few render processes. The PDFs come back in the order asked for."""

    def __init__(
        self,
        designs: Mapping[str, Design],
        processes: int | None = None,
        *,
        seconds: float = RENDER_SECONDS,
        heed: Heed = nobody,
    ) -> None:
        self._heed = heed
        self._designs = dict(designs)
        count = processes or os.cpu_count() or 1
        self._processes = [_Process(self._designs.values(), seconds) for _ in range(count)]
        self._idle: SimpleQueue[_Process] = SimpleQueue()
        for process in self._processes:
            self._idle.put(process)
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="render")

    def render(self, forms: Sequence[OrderForm]) -> Iterator[Pdf | SfsyncError]:
        """Render some way ahead; yield each as it is wanted. One bad form never holds up the others."""
        return self.drawn(forms, self._designs)

    def drawn(self, forms: Sequence[OrderForm], designs: Mapping[str, Design]) -> Iterator[Pdf | SfsyncError]:
        """The same with designs of one's own, by the names of the forms."""
        asked = (self._threads.submit(traces.within(self._render), form, designs[form.name]) for form in forms)
        futures = deque(islice(asked, _AHEAD))
        try:
            while futures:
                yield futures.popleft().result()
                futures.extend(islice(asked, 1))
        finally:
            for future in futures:
                future.cancel()

    def _render(self, form: OrderForm, design: Design) -> Pdf | SfsyncError:
        process = self._idle.get()
        began = time.monotonic()
        try:
            with traces.span("render", opportunity=form.opportunity_id, version=form.version):
                made = process.render(form, design)
        finally:
            self._idle.put(process)
        if isinstance(made, Pdf):
            seconds, size = time.monotonic() - began, len(made.content)
            self._heed(Rendered(opportunity_id=form.opportunity_id, version=form.version, seconds=seconds, size=size))
        return made

    def redesign(self, designs: Mapping[str, Design]) -> None:
        """From the next form on, these are what forms are made with; the processes stay."""
        self._designs = dict(designs)

    def close(self) -> None:
        """End the processes, also those that hang."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for process in self._processes:
            process.end(for_good=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Process:
    """One render process, replaced when it hangs or dies. Used by one thread at a time."""

    def __init__(self, designs: Iterable[Design], seconds: float) -> None:
        self._first, self._seconds = tuple(islice(designs, _DESIGNS)), seconds
        #: marks of the designs that it has, the one used last at the end
        self._known: dict[str, None] = {}
        self._closed = self._alive = self._ready = False
        #: nobody starts a process while another thread ends it for good
        self._guard = threading.Lock()
        self._process: BaseProcess | None = None
        with suppress(OSError):  # killed while it starts, as at a shutdown: the first form starts another
            self._start()

    def _start(self) -> None:
        """Raises EOFError where it was ended for good, and OSError where the new process dies at once."""
        with self._guard:
            if self._closed:
                raise EOFError
            # spawned, not forked: the process inherits no threads
            context = multiprocessing.get_context("spawn")
            self._line, theirs = context.Pipe()
            self._known = dict.fromkeys(map(_mark, self._first))
            process = context.Process(target=_work, args=(theirs, self._first), daemon=True)
            try:
                process.start()
            finally:
                theirs.close()
            self._process, self._alive, self._ready = process, True, False

    def render(self, form: OrderForm, design: Design) -> Pdf | SfsyncError:
        """Render one form. Where the process was lost, perhaps not by the form's fault, it is tried once more."""
        try:
            return self._once(form, design)
        except (EOFError, OSError):
            self.end()
        try:
            return self._once(form, design)
        except TimeoutError:
            problem = SetupError("Rendering took too long.", where=form.template, remedy=_LOOP)
        except (EOFError, OSError):
            what = "The render process died of this record, perhaps for want of memory."
            problem = SetupError(what, where=form.template, remedy=_MEMORY)
        self.end()
        if self._closed or not self._ready:
            return TryAgainLater("No render process could be started." if not self._ready else "sfsync is stopping.")
        return problem

    def _once(self, form: OrderForm, design: Design) -> Pdf | SfsyncError:
        """Raises EOFError or OSError where the process died; TimeoutError, which is one, where it hangs."""
        if not self._alive:
            self._start()
        if not self._ready:
            self._hear(_START_SECONDS)
            self._ready = True
        self._line.send(self._asked(form, design))
        answer: Pdf | SfsyncError = self._hear(self._seconds)
        return answer

    def _asked(self, form: OrderForm, design: Design) -> "_Asked":
        """What to draw and with what; a design that the process does not have goes along, and one too many goes."""
        mark = _mark(design)
        new = mark not in self._known
        self._known.pop(mark, None)
        self._known[mark] = None
        too_many = next(iter(self._known)) if len(self._known) > _DESIGNS else ""
        self._known.pop(too_many, None)
        return _Asked(form, mark, design if new else None, too_many)

    def _hear(self, seconds: float) -> Any:
        if not self._line.poll(seconds):
            raise TimeoutError
        return self._line.recv()

    def end(self, *, for_good: bool = False) -> None:
        """Kill it; the next form starts another, unless it was for good."""
        with self._guard:
            self._closed = self._closed or for_good
            self._alive = False
            if self._process:
                self._process.kill()
                self._process.join()


@dataclass(frozen=True, slots=True)
class _Asked:
    """One form for a render process."""

    form: OrderForm
    #: of the design
    mark: str
    #: where the process does not have it yet
    design: Design | None
    #: mark of a design that the process shall forget
    forget: str


def _mark(design: Design) -> str:
    """Tells designs apart, by what they draw and by the name that a message gives their template."""
    return f"{design.fingerprint} {design.template.name}"


def _work(line: Connection, first: Sequence[Design]) -> None:
    """The life of a render process: it ends when its parent says so, or dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    threading.Thread(target=_outlive_no_parent, daemon=True).start()
    for design in first:
        warm(design)
    designs = {_mark(design): design for design in first}
    calm()
    _limit()
    line.send(None)
    with suppress(EOFError, OSError):
        while True:
            asked: _Asked = line.recv()
            designs.pop(asked.forget, None)
            if asked.design:
                designs[asked.mark] = asked.design
            line.send(_rendered(asked.form, designs[asked.mark]))


def calm() -> None:
    """Let Python look for cycles seldom, and never among what stays: a form is made of much that is soon gone."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def _outlive_no_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent:
        parent.join()
        os._exit(0)


def _limit() -> None:
    """Bound the memory of what follows, and leave no core dump of customer data; where there is a way."""
    try:
        import resource  # noqa: PLC0415 (not on Windows)
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    used = Path("/proc/self/statm")  # only Linux says how much address space is in use, and keeps to such a limit
    if used.exists():
        most = int(used.read_text("ascii").split()[0]) * resource.getpagesize() + RENDER_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _rendered(form: OrderForm, design: Design) -> Pdf | SfsyncError:
    try:
        pdf = render(form, design)
    except SfsyncError as error:
        return error
    except MemoryError:
        return SetupError("It takes more memory than a form may.", where=form.template, remedy=_MEMORY)
    except Exception as error:  # noqa: BLE001 (whatever one record does to the renderer stays with that record)
        what = f"It could not be rendered: {type(error).__name__}: {error}."
        return SetupError(what, where=form.template, logged=f"It could not be rendered: {trail(error)}.")
    if len(pdf.content) > LARGEST_PDF:
        size = f"{len(pdf.content) / 1e6:.0f} MB"
        return SetupError(f"The form has {size}, which Salesforce does not take.", where=form.template, remedy=_MEMORY)
    return pdf
