"""What only a real org can tell, tried on a pocket org that is switched either way; and nothing is left behind."""

from datetime import date

import pytest

from sfsync import cli
from sfsync.pocketorg.server import PocketOrg
from sfsync.probe import NAME, Probe, report
from sfsync.salesforce.login import AccessToken
from tests.conftest import METADATA, ROOT, connected, environ


@pytest.fixture
def org():
    with PocketOrg(seed="none", metadata=[METADATA]) as running:
        yield running


def probe(org) -> Probe:
    """As an admin, who may delete what was tried."""
    api = connected(org)
    api.session._log_in = lambda: AccessToken(org.access_token, org.instance_url)
    return Probe(api, {"Order Form"})


def failing(org) -> list[str]:
    return [answer.assumed for answer in probe(org).run() if not answer.holds]


def left(org) -> int:
    alive = [o for o in org.org.get_all("Opportunity") if o["Name"].startswith(NAME) and not o["IsDeleted"]]
    files = [f for f in org.org.get_all("ContentDocument") if not f["IsDeleted"]]
    return len(alive) + len(files)


def test_every_assumption_holds_in_an_org_that_does_as_we_assume(org):
    answers = list(probe(org).run())
    assert [str(answer) for answer in answers if not answer.holds] == []
    assert len(answers) == 12
    assert left(org) == 0


@pytest.mark.parametrize(
    ("odd", "named"),
    [
        ("failed graphs leave files", ["A graph that is refused leaves no file behind"]),
        (
            "keys may be used twice",
            [
                "A graph that is refused leaves no file behind",
                "A key that is taken is refused as DUPLICATE_VALUE",
                "Of two racing graphs with one key one goes through",
            ],
        ),
        ("deleted rows keep their keys", ["The key of a deleted row may be used again"]),
    ],
)
def test_an_org_that_does_otherwise_is_found_out(org, odd, named):
    org.org.limits.odd = frozenset({odd})
    assert failing(org) == named


def test_an_org_that_takes_no_files_in_graphs_is_found_out_and_the_report_says_what_is_done_instead(org):
    org.faults.refuse_files_in_graphs = True
    answers = list(probe(org).run())
    assert "A composite graph takes a file with its content" in [a.assumed for a in answers if not a.holds]
    assert "sends each form as one composite call" in report(answers, date(2026, 11, 26))


def test_what_was_made_is_deleted_also_after_ctrl_c(org):
    running = probe(org).run()
    for _ in range(4):
        next(running)
    assert left(org) > 0
    with pytest.raises(KeyboardInterrupt):
        running.throw(KeyboardInterrupt)
    assert left(org) == 0


def test_what_a_killed_probe_left_is_deleted_by_the_next_one(org):
    orphan = org.insert("Opportunity", {"Name": f"{NAME} old", "StageName": "Qualification", "CloseDate": "2027-01-01"})
    list(probe(org).run())
    assert org.org.get_all("Opportunity", Id=orphan)[0]["IsDeleted"]


def test_the_report_holds_no_name_no_id_and_no_secret(org):
    text = report(list(probe(org).run()), date(2026, 11, 26))
    secrets = [org.client_secret, org.access_token, org.org_id, "006", "127.0.0.1", NAME + " "]
    assert [word for word in secrets if word in text] == []
    assert "12 of 12 assumptions hold." in text


def test_a_user_without_the_rights_hears_who_has_them(org, monkeypatch, capsys, tmp_path):
    for name, value in environ(org).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    assert cli.main(["check", "--probe", "--config", str(ROOT / "config" / "sfsync.yaml")]) == 2
    assert "Log in as an administrator" in capsys.readouterr().err
