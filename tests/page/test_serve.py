"""`sfsync demo --serve`: an org with the sample company and the real worker, until somebody stops them."""

import re
import signal
import subprocess
import sys
from itertools import takewhile

import pytest
import requests


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_the_demo_is_served_until_it_is_stopped_and_then_ends_well_with_its_worker(ending):
    command = [sys.executable, "-m", "sfsync", "demo", "--serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as demo:
        try:
            said = "".join(takewhile(lambda line: "looking every 2 seconds;" not in line, demo.stdout))
            address = re.search(r"Open (http://127\.0\.0\.1:\d+) ", said)[1]
            assert "Pocket org" in requests.get(address, timeout=10).text
            demo.send_signal(ending)
            rest, _ = demo.communicate(timeout=30)
        finally:
            demo.kill()
    assert demo.returncode == 0, said + rest
