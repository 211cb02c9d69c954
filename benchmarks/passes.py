"""From stage change to file, API calls, and memory: the real worker on a pocket org, over HTTP."""

import time
from pathlib import Path
from statistics import median, quantiles
from subprocess import Popen

from benchmarks import setting
from benchmarks.plain import PlainScript
from sfsync.pocketorg.server import PocketOrg

TICK = 2
_USUAL_TICK = 15
_PLAIN = 20


def latency(number: int = 200) -> None:
    """`number` Opportunities moved at once, the org answering each call after 100 ms, beside the plain script."""
    with setting.pocket_org(number * 2 + _PLAIN * 2, latency=0.1) as org:
        plain = _plain_seconds(org)
        worker = setting.sfsync(org, "worker", "--check-every", f"{TICK} seconds")
        try:
            _wait_until_it_looks(org)
            moved = setting.move(org, number)
            seconds = setting.arrivals(org, len(moved), time.monotonic())
        finally:
            _stop(worker)
    p95 = quantiles(seconds, n=20)[-1]
    print(f"{number} deals moved at once, each call of the org takes 100 ms more, looking every {TICK} s")
    print(f"  sfsync        median {median(seconds):5.1f} s   p95 {p95:5.1f} s   all in {seconds[-1]:.1f} s")
    print(f"  p95 above the tick   {p95 - TICK:5.1f} s   (aim: below 3)")
    print(f"  plain script         {plain:5.2f} s a form, one after the other: {plain * number:.0f} s for all")
    alone = plain * number / (seconds[-1] - TICK)
    print(f"  throughput           {alone:5.0f} times the plain script's, the tick left out")
    print(f"                       {plain * number / seconds[-1]:5.0f} times, the tick included   (aim: at least 30)")


def calls(number: int = 1000) -> None:
    """API calls for so many forms, all looking included."""
    with setting.pocket_org(number * 2) as org:
        script = PlainScript.on(org)
        for deal in setting.move(org, 10):
            script.attach(deal)
        worker = setting.sfsync(org, "worker", "--check-every", f"{_USUAL_TICK} seconds")
        try:
            # a worker that has been at work for a while: its batches have grown
            setting.arrivals(org, len(setting.move(org, 100)) + 10, time.monotonic())
            time.sleep(2 * _USUAL_TICK)
            before = setting.calls(org)
            moved = setting.move(org, number)
            setting.arrivals(org, len(moved), time.monotonic())
            time.sleep(2 * _USUAL_TICK)  # it also looks at what it has written
            made = setting.calls(org) - before
        finally:
            _stop(worker)
    print(f"API calls for {number:,} forms         {made:6,}   ({made / number * 1000:.0f} per 1,000; aim: at most 30)")
    print(f"  plain script                 {script.calls / 10 * number:6,.0f}")


def memory(small: int = 500, large: int = 5000) -> None:
    """Peak memory of the worker without its render processes, for a small and a large backlog."""
    peaks = []
    for number in (small, large):
        with setting.pocket_org(int(number * 1.4)) as org:
            moved = setting.move(org, number)
            run = setting.sfsync(org, "run")
            peaks.append(_peak(run))
            print(f"backlog of {len(moved):5,}: peak {peaks[-1]:4.0f} MB, {setting.made(org):,} forms made")
    print(f"  ratio {peaks[1] / peaks[0]:.2f}   (aim: at most 1.20, below 256 MB)")


def _plain_seconds(org: PocketOrg) -> float:
    script = PlainScript.on(org)
    waiting = [o["Id"] for o in org.org.get_all("Opportunity", HasOpportunityLineItem=1)][-_PLAIN:]
    began = time.monotonic()
    for deal in waiting:
        script.attach(deal)
    return (time.monotonic() - began) / len(waiting)


def _wait_until_it_looks(org: PocketOrg) -> None:
    """Until the worker has made its first pass, and its render processes are up."""
    first = setting.calls(org)
    while setting.calls(org) < first + 4:
        time.sleep(0.1)


def _peak(run: Popen[bytes]) -> float:
    """Peak resident memory of a process in MB, read until it ends."""
    peak = 0.0
    while run.poll() is None:
        try:
            status = Path(f"/proc/{run.pid}/status").read_text("ascii")
        except OSError:
            break
        peak = max([peak, *(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM"))])
        time.sleep(0.05)
    run.wait()
    return peak


def _stop(worker: Popen[bytes]) -> None:
    worker.terminate()
    worker.wait(30)
