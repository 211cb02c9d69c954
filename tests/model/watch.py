"""The watch in small: one record that is edited, one worker that looks, and clocks that do not agree.

Time counts in half seconds. A stamp has whole seconds and tells when its transaction began; what it wrote is seen only
once it commits. The worker remembers what it has dealt with, as `sfsync.sync` does, so as not to read it again.
"""

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

#: half seconds: the end of the world, the longest transaction, what a clock may be ahead unnoticed
END, LONGEST, AHEAD = 14, 4, 4


class Watch(NamedTuple):
    """How the worker watches; times in half seconds, the defaults as much longer than what they cover as in `sync`."""

    overlap: int | None = LONGEST + AHEAD + 2  #: None: a cursor that trusts the latest stamp seen
    fresh: int = AHEAD + 2


class State(NamedTuple):
    """One record and what the worker knows of it."""

    now: int = 0
    edits: int = 2
    #: stamps of transactions that began and have not committed
    open: tuple[int, ...] = ()
    stamp: int = -100
    version: int = 0
    #: the stamp that the worker need not look at any more, the version that it read, when it last looked
    seen: int | None = None
    read: int = 0
    watched: int | None = None


def successors(state: State, watch: Watch, ahead: int) -> Iterator[State]:
    """Time goes on; or, at this moment, an edit begins or commits, or the worker looks."""
    if state.now < END and all(state.now < _latest(begun, state) for begun in state.open):
        yield state._replace(now=state.now + 1)
    if state.edits:
        yield state._replace(edits=state.edits - 1, open=(*state.open, state.now))
    for n, begun in enumerate(state.open):
        rest = state.open[:n] + state.open[n + 1 :]
        yield state._replace(open=rest, stamp=begun // 2 * 2, version=state.version + 1)
    yield look(state, watch, ahead)


def _latest(begun: int, state: State) -> int:
    """When a transaction has to be through. Of two in one second none is long: that one only a sweep would find."""
    alone = state.stamp // 2 != begun // 2 and sum(other // 2 == begun // 2 for other in state.open) == 1
    return begun + LONGEST if alone else begun // 2 * 2 + 1


def look(state: State, watch: Watch, ahead: int) -> State:
    """One pass of the worker."""
    clock = state.now + ahead
    if watch.overlap is None:
        moved = state.watched is None or state.stamp > state.watched
        return state._replace(read=state.version, watched=state.stamp) if moved else state
    moved = state.watched is None or state.stamp >= state.watched - watch.overlap
    state = state._replace(watched=clock)
    if not moved or state.stamp == state.seen:
        return state
    settled = state.stamp < clock - watch.fresh
    return state._replace(read=state.version, seen=state.stamp if settled else state.seen)


def missed(watch: Watch, ahead: int = AHEAD) -> bool:
    """Whether an edit can go unnoticed for ever, whenever the worker looks."""
    start = State()
    known, waiting = {start}, deque([start])
    while waiting:
        state = waiting.popleft()
        if state.now == END and not state.open and not state.edits and look_often(state, watch, ahead) != state.version:
            return True
        for after in successors(state, watch, ahead):
            if after not in known:
                known.add(after)
                waiting.append(after)
    return False


def look_often(state: State, watch: Watch, ahead: int) -> int:
    """The version that the worker has read once nothing moves any more; it looks every second."""
    for _ in range(20):
        state = look(state, watch, ahead)._replace(now=state.now + 2)
    return state.read
