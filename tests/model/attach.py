"""The attach protocol in small: one Opportunity, some workers, and everything that can come between two steps.

`explore` walks through every interleaving. What a worker does here is what `sfsync.sync`, `sfsync.due` and
`sfsync.salesforce.attach` do: read the rows, then the data, then the file; decide; write all in one transaction under
the unique key `Opportunity Id : version`. A `Design` leaves one of these out, and the walk then finds what breaks.
"""

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

#: what a form is made from: which entry into the stage, which data
Token = tuple[int, int]


class Design(NamedTuple):
    """How the worker is built; the defaults are how it is."""

    unique_key: bool = True
    rows_before_data: bool = True
    rows_decide: bool = True  #: and not our fields on the Opportunity, which anybody may wipe
    entry_in_token: bool = True
    one_transaction: bool = True  #: file, row and Opportunity together
    looks_up_lost_answers: bool = True  #: else it sends the same again under the next key
    restores: bool = True


class Row(NamedTuple):
    """One version, as its `Order_Form__c` says."""

    version: int
    token: Token
    document: int


class Org(NamedTuple):
    """What the server holds."""

    standing: bool = True
    entry: int = 1
    data: int = 0
    rows: tuple[Row, ...] = ()
    #: version and token in our fields on the Opportunity
    shown: tuple[int, Token | None] = (0, None)
    #: versions of each document, oldest document first; None where somebody deleted it
    documents: tuple[tuple[Token, ...] | None, ...] = ()
    #: what a form could rightly say, read at any time since the newest version was made
    since: frozenset[Token] = frozenset({(1, 0)})
    broken: frozenset[str] = frozenset()

    @property
    def wanted(self) -> Token:
        return self.entry, self.data


class Write(NamedTuple):
    """What goes over the wire: a new version, or our fields written again."""

    version: int
    token: Token
    document: int | None = None
    restores: bool = False


class Job(NamedTuple):
    """How far a worker has come with its pass."""

    rows: tuple[int, Token | None, int | None] | None = None
    data: Token | None = None
    write: Write | None = None


class State(NamedTuple):
    """Everything, with what may still go wrong."""

    org: Org
    jobs: tuple[Job | None, ...]
    under_way: tuple[Write, ...]  #: requests that the network kept, and which land some time
    faults: int
    edits: int
    meddling: int


class Found(NamedTuple):
    """What a walk came to: how many states, and for each thing that broke how it came about."""

    states: int
    broken: dict[str, tuple[str, ...]]


# ------------------------------------------------------------------------ server


def commit(org: Org, write: Write, design: Design) -> Org:
    """Perform one transaction; a refused one leaves the org as it was."""
    if write.restores:
        return org._replace(shown=(write.version, write.token))
    if design.unique_key and any(row.version == write.version for row in org.rows):
        return org  # DUPLICATE_VALUE
    if write.document is not None and org.documents[write.document] is None:
        return org  # ENTITY_IS_DELETED
    org = _add_file(org, write)
    place = len(org.documents) - 1 if write.document is None else write.document
    row = Row(write.version, write.token, place)
    return org._replace(
        rows=(*org.rows, row),
        shown=(write.version, write.token),
        since=frozenset({org.wanted}),
        broken=org.broken | set(_breaks(org, write)),
    )


def _add_file(org: Org, write: Write) -> Org:
    documents = list(org.documents)
    if write.document is None:
        documents.append((write.token,))
    else:
        documents[write.document] = (*(documents[write.document] or ()), write.token)
    return org._replace(documents=tuple(documents))


def _breaks(org: Org, write: Write) -> Iterator[str]:
    if any(row.version == write.version for row in org.rows):
        yield "two files for one version"
    if org.rows and org.rows[-1].token == write.token:
        yield "a new version of an unchanged record"
    if write.token not in org.since:
        yield "older data on top of newer"


# ------------------------------------------------------------------------ worker


def step(org: Org, job: Job | None, design: Design) -> Job | None:
    """Read the next thing; None where there is nothing to do."""
    job = job or Job()
    if job.rows is None and (design.rows_before_data or job.data):
        return _decided(org, job._replace(rows=_last_row(org, design)), design)
    if job.data is None:
        return _decided(org, job._replace(data=org.wanted), design) if org.standing else None
    raise AssertionError("a job with rows and data has its write")


def _last_row(org: Org, design: Design) -> tuple[int, Token | None, int | None]:
    if not design.rows_decide:
        return (*org.shown, org.rows[-1].document if org.rows else None)
    last = max(org.rows, default=None)
    return (last.version, last.token, last.document) if last else (0, None, None)


def _decided(org: Org, job: Job, design: Design) -> Job | None:
    if job.rows is None or job.data is None:
        return job
    version, token, document = job.rows
    if token and _same(token, job.data, design):
        intact = org.shown == (version, token) or not design.restores
        return None if intact else job._replace(write=Write(version, token, restores=True))
    alive = document is not None and org.documents[document] is not None
    return job._replace(write=Write(version + 1, job.data, document if alive else None))


def _same(token: Token, wanted: Token, design: Design) -> bool:
    return token == wanted if design.entry_in_token else token[1] == wanted[1]


def after_lost_answer(job: Job, design: Design) -> Job | None:
    """Look it up: what was done is done, what is missing is left to the next pass. Or repeat it blindly."""
    if design.looks_up_lost_answers or job.write is None or job.write.restores:
        return None
    return job._replace(write=job.write._replace(version=job.write.version + 1))


# --------------------------------------------------------------------- the world


def successors(state: State, design: Design) -> Iterator[tuple[str, State]]:
    """Everything that can happen next, each with its name."""
    yield from _people(state)
    for n, write in enumerate(state.under_way):
        rest = state.under_way[:n] + state.under_way[n + 1 :]
        yield "a late write lands", state._replace(org=commit(state.org, write, design), under_way=rest)
    for n, job in enumerate(state.jobs):
        for what, org, next_job, faults, late in _worker(state, job, design):
            jobs = (*state.jobs[:n], next_job, *state.jobs[n + 1 :])
            after = state._replace(org=org, jobs=jobs, faults=faults, under_way=state.under_way + late)
            yield f"worker {n} {what}", after


def _people(state: State) -> Iterator[tuple[str, State]]:
    org = state.org
    if state.edits:
        for what, changed in _edits(org):
            since = org.since | {changed.wanted} if changed.standing else org.since
            yield what, state._replace(org=changed._replace(since=since), edits=state.edits - 1)
    if state.meddling:
        yield (
            "somebody wipes our fields",
            state._replace(org=org._replace(shown=(0, None)), meddling=state.meddling - 1),
        )
        if org.documents and org.documents[-1] is not None:
            gone = org._replace(documents=(*org.documents[:-1], None))
            yield "somebody deletes the file", state._replace(org=gone, meddling=state.meddling - 1)


def _edits(org: Org) -> Iterator[tuple[str, Org]]:
    yield "the rep edits", org._replace(data=1 - org.data)  # a second time is there and back
    if org.standing:
        yield "the rep leaves the stage", org._replace(standing=False)
    else:
        yield "the rep enters the stage", org._replace(standing=True, entry=org.entry + 1)


#: what happened, the org, the worker's job, faults left, writes that land later
Step = tuple[str, Org, Job | None, int, tuple[Write, ...]]


def _worker(state: State, job: Job | None, design: Design) -> Iterator[Step]:
    org, left = state.org, state.faults - 1
    if job is None or job.write is None:
        yield "reads", org, step(org, job, design), state.faults, ()
        if job and state.faults:
            yield "dies", org, None, left, ()
        return
    done = commit(org, job.write, design)
    yield "writes", done, None, state.faults, ()
    if not state.faults:
        return
    lost = after_lost_answer(job, design)
    yield "writes, and its request is lost", org, lost, left, ()
    yield "writes, and the answer is lost", done, lost, left, ()
    yield "writes, and the request is late", org, lost, left, (job.write,)
    yield "writes, and the request arrives twice", done, None, left, (job.write,)
    yield "dies before it writes", org, None, left, ()
    yield "dies after it wrote", done, None, left, ()
    if not design.one_transaction and not job.write.restores:
        yield "dies between file and row", _add_file(org, job.write), None, left, ()


# --------------------------------------------------------------------- the proof


def settle(org: Org, design: Design) -> Org | None:
    """Let one worker make passes until there is nothing to do; None where that never comes."""
    for _ in range(8):
        job = step(org, None, design)
        job = job and step(org, job, design)
        if job is None or job.write is None:
            return org
        org = commit(org, job.write, design)
    return None


def wrong(org: Org, design: Design) -> Iterator[str]:
    """What does not hold in a quiet world."""
    settled = settle(org, design)
    if settled is None:
        yield "passes without end"
        return
    yield from settled.broken
    last = settled.rows[-1] if settled.rows else None
    if settled.standing and (last is None or last.token != settled.wanted):
        yield "a request never served"
    if settled.standing and last and settled.shown != (last.version, last.token):
        yield "the record does not say what the newest row says"
    if sum(len(d) for d in settled.documents if d) > sum(
        settled.documents[r.document] is not None for r in settled.rows
    ):
        yield "a file without a row"


def explore(workers: int, *, faults: int, edits: int, meddling: int = 0, design: Design | None = None) -> Found:
    """Walk through every interleaving from a record that has just entered its stage."""
    design = design or Design()
    start = State(Org(), (None,) * workers, (), faults, edits, meddling)
    came_from: dict[State, tuple[State, str] | None] = {start: None}
    waiting = deque([start])
    broken: dict[str, State] = {}
    while waiting:
        state = waiting.popleft()
        if not state.under_way and not any(state.jobs):
            for what in wrong(state.org, design):
                broken.setdefault(what, state)
        for what, after in successors(state, design):
            if after not in came_from:
                came_from[after] = state, what
                waiting.append(after)
    return Found(len(came_from), {what: _path(state, came_from) for what, state in broken.items()})


def _path(state: State, came_from: dict[State, tuple[State, str] | None]) -> tuple[str, ...]:
    steps: list[str] = []
    while (before := came_from[state]) is not None:
        state, what = before
        steps.append(what)
    return tuple(reversed(steps))
