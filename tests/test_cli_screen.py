"""What all verbs share on the screen: colours on a terminal only, none under NO_COLOR, and completion in the shell."""

import os
import pty
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.shell import sfsync

ESCAPE = "\x1b["


def on_a_terminal(*arguments: str, **env: str) -> str:
    """What a verb prints where its output is a terminal."""
    main, terminal = pty.openpty()
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("SF", "NO_COLOR"))}
    command = [sys.executable, "-m", "sfsync", *arguments]
    with subprocess.Popen(command, cwd=ROOT, env={**clean, "TERM": "xterm", **env}, stdout=terminal) as verb:
        os.close(terminal)
        said = b""
        while True:
            try:
                read = os.read(main, 4096)
            except OSError:  # the terminal is closed
                break
            said += read
            if not read:
                break
        verb.wait(60)
    os.close(main)
    return said.decode()


def test_a_terminal_gets_colours():
    assert f"{ESCAPE}32m✓ settings in config/sfsync.yaml" in on_a_terminal("check", "--offline")


def test_no_color_is_honoured_on_a_terminal():
    said = on_a_terminal("check", "--offline", NO_COLOR="1")
    assert "✓ settings in config/sfsync.yaml" in said
    assert ESCAPE not in said


def test_a_file_or_pipe_gets_plain_text():
    assert ESCAPE not in sfsync("check", "--offline").stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_gets_a_script_for_its_completion(shell):
    done = sfsync(env={"_SFSYNC_COMPLETE": f"{shell}_source"})
    assert done.returncode == 0
    assert "_SFSYNC_COMPLETE" in done.stdout


@pytest.mark.parametrize(
    ("typed", "offered"), [("sfsync ch", "check"), ("sfsync run --dr", "--dry-run"), ("sfsync b", "backfill")]
)
def test_a_verb_or_option_is_completed_as_one_types(typed, offered):
    words = typed.split()
    env = {"_SFSYNC_COMPLETE": "bash_complete", "COMP_WORDS": typed, "COMP_CWORD": str(len(words) - 1)}
    assert f"plain,{offered}" in sfsync(env=env).stdout.splitlines()


def test_a_verb_that_does_not_exist_names_the_nearest():
    done = sfsync("chekc")
    assert done.returncode == 2
    assert "There is no verb 'chekc'. Did you mean check?" in done.stderr
