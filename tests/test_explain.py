"""`sfsync explain`, as an admin types it: what a file was made of, and what changed since."""

import json
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from sfsync.cli import main
from sfsync.demo import Rep
from sfsync.pocketorg.server import PocketOrg
from tests.conftest import METADATA, ROOT, environ, switched_on
from tests.forms.pdfs import changed, pdf, says
from tests.shell import deal_in_stage, sfsync


class Done(NamedTuple):
    """As `subprocess.CompletedProcess`."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture(scope="module")
def org():
    with PocketOrg(seed="sample", metadata=[METADATA]) as running:
        yield switched_on(running)


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """Settings and templates of our own, which a test may change."""
    folder = tmp_path_factory.mktemp("home")
    for name in ("config", "templates"):
        shutil.copytree(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def attached(org, home) -> tuple[str, bytes]:
    """A deal with its form, as the worker attached it."""
    deal = deal_in_stage(org)
    assert sfsync("run", env=environ(org), cwd=home).returncode == 0
    rep = Rep(org.instance_url, org.access_token)
    [(_, version, _)] = rep.files(deal)
    return deal, rep.download(version)


@pytest.fixture
def explained(org, home, attached, tmp_path, monkeypatch, capsys):  # noqa: PLR0917 (fixtures)
    """The verb as it is typed, but in this process, which has imported everything."""

    def explain(*options: str, content: bytes = attached[1], login: bool = True) -> Done:
        (tmp_path / "form.pdf").write_bytes(content)
        for name, value in environ(org).items() if login else ():
            monkeypatch.setenv(name, value)
        capsys.readouterr()
        return Done(main(["explain", str(tmp_path / "form.pdf"), *options]), *capsys.readouterr())

    monkeypatch.chdir(home)
    return explain


def test_a_file_alone_says_what_it_was_made_of(explained, attached):
    done = explained(login=False)
    assert done.returncode == 0
    assert f"Version 1 of the form Standard for the Opportunity {attached[0]}." in done.stdout
    assert "Made with order_form.xml" in done.stdout
    assert "To compare it with the record of today, set SF_CLIENT_ID" in done.stdout


def test_nothing_changed_and_the_same_bytes_come_out(explained):
    done = explained()
    assert "Made today, it is the same, byte for byte." in done.stdout
    assert (done.returncode, done.stderr) == (0, "")


def test_json_says_all_of_it_in_one_line(explained, attached):
    said = json.loads(explained("--json", login=False).stdout)
    assert said["made_of"]["opportunity"] == attached[0]
    assert said["made_of"]["data"]["Amount"]
    assert said["today"] is None


def test_a_changed_address_is_named_with_the_pages_that_differ(explained, org, attached):
    account = org.org.get_all("Opportunity", Id=attached[0])[0]["AccountId"]
    before = org.org.get_all("Account", Id=account)[0]["BillingCity"]
    rep = Rep(org.instance_url, org.access_token)
    rep.update("Account", account, BillingCity="Elsewhere")
    done = explained()
    rep.update("Account", account, BillingCity=before)
    assert done.returncode == 1
    assert "Account: Billing City (Account.BillingCity)" in done.stdout
    assert "Made today, it differs on page 1." in done.stdout


def test_a_changed_price_is_named(explained, org, attached):
    line = org.org.get_all("OpportunityLineItem", OpportunityId=attached[0])[0]
    rep = Rep(org.instance_url, org.access_token)
    rep.update("OpportunityLineItem", line["Id"], UnitPrice=float(line["UnitPrice"]) + 1)
    said = json.loads(explained("--json").stdout)
    rep.update("OpportunityLineItem", line["Id"], UnitPrice=float(line["UnitPrice"]))
    names = [difference["name"] for difference in said["today"]["differences"]]
    assert {"Amount", "OpportunityLineItems.UnitPrice", "OpportunityLineItems.TotalPrice"} <= set(names)
    assert "design" not in names
    assert (said["today"]["same"], said["today"]["pages"][0], said["today"]["refused"]) == (False, 1, "")


def test_another_template_and_other_settings_are_told_apart(explained, home):
    template, settings = home / "templates" / "terms.xml", home / "config" / "sfsync.yaml"
    texts = template.read_text(), settings.read_text()
    template.write_text(texts[0].replace("Agreement.", "Contract."))
    first = json.loads(explained("--json").stdout)
    template.write_text(texts[0])
    settings.write_text(texts[1].replace("Northwind Cloud GmbH", "Northwind GmbH"))
    second = json.loads(explained("--json").stdout)
    settings.write_text(texts[1])
    found = [[difference["name"] for difference in said["today"]["differences"]] for said in (first, second)]
    assert found == [["design"], ["settings"]]


def test_a_file_that_somebody_changed_is_found_out(explained, attached):
    done = explained(content=changed(attached[1], lambda writer: writer.pages[0].merge_page(writer.pages[-1])))
    assert done.returncode == 1
    assert "so somebody changed the file" in done.stdout


@pytest.mark.parametrize(
    ("content", "said"),
    [(pdf(says("x")), "does not say what it was made of"), (b"hello", "This is not a PDF"), (b"", "The file is empty")],
)
def test_a_file_that_is_none_of_ours_is_refused(explained, content, said):
    done = explained(content=content)
    assert (done.returncode, said in done.stderr) == (2, True)


def test_help_says_the_exit_codes(capsys):
    assert main(["explain", "--help"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "0 the same, or nothing to compare with; 1 it differs; 2 the admin must act" in said
