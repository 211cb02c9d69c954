"""Settings and templates that change while the worker runs: taken up if they are in order, refused if not."""

import logging
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from sfsync import reload
from sfsync.errors import SetupError, TryAgainLater
from sfsync.pocketorg.server import PocketOrg
from sfsync.reload import Reload
from tests.conftest import METADATA, ROOT, environ, switched_on
from tests.shell import deal_in_stage, until


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    for name in ("config/sfsync.yaml", "templates/order_form.xml", "templates/terms.xml", "templates/northwind.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def files(folder) -> Reload:
    return Reload(reload.load(folder / "config" / "sfsync.yaml"), lambda _: None)


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_nothing_changed_is_nothing_fresh(files):
    assert files.fresh() is None


def test_a_changed_setting_is_taken_up(folder, files):
    change(folder / "config" / "sfsync.yaml", "15 seconds", "30 seconds")
    found = files.fresh()
    assert found is not None
    assert found[0].settings.check_every.total_seconds() == 30
    assert files.fresh() is None


@pytest.mark.parametrize("name", ["order_form.xml", "terms.xml"])
def test_a_changed_template_or_what_it_includes_is_taken_up(folder, files, name):
    change(folder / "templates" / name, "</", " </")
    assert files.fresh() is not None


def test_a_comment_alone_changes_nothing(folder, files, caplog):
    caplog.set_level(logging.INFO)
    change(folder / "config" / "sfsync.yaml", "currency:", "# of the org\ncurrency:")
    assert files.fresh() is None
    assert caplog.text == ""


@pytest.mark.parametrize(
    ("name", "edit", "said"),
    [
        ("config/sfsync.yaml", ("stage: Order", "stgae: Order"), "'stgae' is not a setting. Did you mean stage?"),
        ("config/sfsync.yaml", ("company:", "company: ["), "config/sfsync.yaml:"),
        ("templates/order_form.xml", ("<keep>", "<kepe>"), "templates/order_form.xml:"),
    ],
)
def test_a_mistake_is_said_once_with_its_place_and_the_old_ones_stay(files, caplog, name, edit, said):
    change(Path(name), *edit)
    assert [files.fresh() for _ in range(3)] == [None] * 3
    assert len(caplog.records) == 1
    assert said in caplog.text
    assert "the old ones stay in use" in caplog.text
    change(Path(name), *reversed(edit))
    assert files.fresh() is None


def test_a_file_that_vanishes_is_a_mistake_too(folder, files, caplog):
    (folder / "templates" / "order_form.xml").unlink()
    assert files.fresh() is None
    assert "There is no file 'order_form.xml'." in caplog.text


def test_what_the_org_does_not_have_is_refused(folder, caplog):
    def prove(_loaded: reload.Loaded) -> None:
        raise SetupError("The org has no stage 'Won'.")

    files = Reload(reload.load(Path("config/sfsync.yaml")), prove)
    change(folder / "config" / "sfsync.yaml", "stage: Order Form ", "stage: Won ")
    assert files.fresh() is None
    assert "The org has no stage 'Won'." in caplog.text


def test_an_org_that_is_away_is_asked_again_at_the_next_tick(folder):
    answers = [TryAgainLater("away"), None]

    def prove(_loaded: reload.Loaded) -> None:
        if (answer := answers.pop(0)) is not None:
            raise answer

    files = Reload(reload.load(Path("config/sfsync.yaml")), prove)
    change(folder / "config" / "sfsync.yaml", "15 seconds", "30 seconds")
    assert files.fresh() is None
    assert files.fresh() is not None


def test_a_worker_takes_up_a_new_template_and_keeps_the_old_one_where_it_is_broken(folder):
    said: list[str] = []
    with PocketOrg(seed="sample", metadata=[METADATA]) as org:
        switched_on(org)
        command = [sys.executable, "-m", "sfsync", "worker", "--check-every", "1 second"]
        env = {**os.environ, **environ(org), "PYTHONPATH": str(ROOT)}
        with subprocess.Popen(command, cwd=folder, env=env, stderr=subprocess.PIPE, text=True) as worker:
            threading.Thread(target=lambda: said.extend(worker.stderr), daemon=True).start()
            made(org, deal_in_stage(org))
            change(folder / "templates" / "order_form.xml", "<keep>", "<kepe>")
            until(lambda: any("the old ones stay in use" in line for line in said))
            made(org, deal_in_stage(org))
            change(folder / "templates" / "order_form.xml", "<kepe>", '<p>{{ "As from today." }}</p><keep>')
            until(lambda: any("are in use from now on" in line for line in said))
            made(org, deal_in_stage(org))
            worker.terminate()
            assert worker.wait(20) == 0
        with_old, kept, with_new = sorted(org.org.get_all("Order_Form__c"), key=lambda row: row["Ready_At__c"])
    marks = [row["Token__c"].rpartition(":")[2] for row in (with_old, kept, with_new)]
    assert marks[0] == marks[1] != marks[2]


def made(org: PocketOrg, deal: str) -> None:
    until(lambda: org.org.get_all("Opportunity", Id=deal)[0]["Order_Form_Status__c"] == "Ready")
