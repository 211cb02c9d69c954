"""An org whose file is wrong is out with its reason, and comes in when it is mended; the others run."""

from contextlib import contextmanager
from datetime import timedelta

import pytest
from dramatiq.rate_limits.backends import StubBackend

from sfsync import schedule
from sfsync.cluster.branch import Shop
from sfsync.cluster.limits import Limits
from sfsync.cluster.roster import Roster
from sfsync.errors import SetupError
from sfsync.records import Batch
from sfsync.report import Outcome
from tests.cluster.orgs import installed, ways_in

BATCH = Batch(id="a" * 32, failures={})
WRONG = {
    "a mistake": b"extends: ../sfsync.yaml\nstaeg: Order Form\n",
    "no YAML": b"extends: [",
    "no text": b"\xff\xfe\x00\x01",
    "no settings": b"",
    "no base": b"extends: ../nobody.yaml\n",
    "no template": b"extends: ../sfsync.yaml\norder_forms: [{name: S, stage: S, template: nobody.xml}]\n",
}


@pytest.fixture
def folder(tmp_path):
    installed(tmp_path, ["acme", "globex"])
    return tmp_path


@contextmanager
def roster(folder, org, *, most=200, sent=None):
    shop = Shop(limits=Limits(StubBackend(), "x"), installation="here", now=schedule.utc_now)
    environ = ways_in(dict.fromkeys(["acme", "globex", "initech"], org))
    yield Roster(folder / "sfsync.yaml", environ, shop, lambda *each: sent is None or sent.append(each), most)


@pytest.fixture
def orgs(folder, org):
    with roster(folder, org) as found:
        yield found


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_file_is_out_with_its_reason_said_once_and_comes_in_when_it_is_mended(orgs, folder, caplog, what):
    file = folder / "orgs" / "globex.yaml"
    right = file.read_bytes()
    file.write_bytes(WRONG[what])
    assert list(orgs.look()) == ["acme"]
    assert list(orgs.look()) == ["acme"]
    [said] = [r.getMessage() for r in caplog.records]
    assert said.startswith("the org globex is out: ")
    assert "globex.yaml" in said
    file.write_bytes(right)
    assert list(orgs.look()) == ["acme", "globex"]


def test_a_file_that_is_none_is_out(orgs, folder, caplog):
    (folder / "orgs" / "initech.yaml").mkdir()
    assert list(orgs.look()) == ["acme", "globex"]
    assert "the org initech is out" in caplog.text


def test_a_file_whose_name_no_org_can_have_is_out(orgs, folder, caplog):
    (folder / "orgs" / "Initech & Sons.yaml").write_text("extends: ../sfsync.yaml\n")
    assert list(orgs.look()) == ["acme", "globex"]
    assert "cannot be the name of an org" in caplog.text


def test_an_org_without_its_login_is_out(orgs, folder, caplog):
    (folder / "orgs" / "hooli.yaml").write_text("extends: ../sfsync.yaml\n")
    assert list(orgs.look()) == ["acme", "globex"]
    assert "the org hooli is out" in caplog.text
    assert "SF_CLIENT_ID" in caplog.text


def test_a_running_org_whose_file_goes_wrong_keeps_its_old_settings(orgs, folder, caplog):
    branch = orgs.look()["globex"]
    (folder / "orgs" / "globex.yaml").write_bytes(WRONG["a mistake"])
    branch.refresh()
    assert orgs.look()["globex"] is branch
    assert branch.settings.check_every == timedelta(seconds=1)
    assert "the old ones stay in use" in caplog.text


def test_an_org_whose_file_comes_later_comes_in_and_one_whose_file_is_gone_is_gone(orgs, folder):
    before = orgs.look()
    (folder / "orgs" / "initech.yaml").write_text("extends: ../sfsync.yaml\n")
    after = orgs.look()
    assert list(after) == ["acme", "globex", "initech"]
    assert after["acme"] is before["acme"]
    (folder / "orgs" / "acme.yaml").unlink()
    assert list(orgs.look()) == ["globex", "initech"]
    assert not orgs.hear("acme", Outcome(batch=BATCH.id))


def test_an_unknown_org_is_refused_with_what_the_admin_can_do(orgs):
    error = orgs.serve("nobody", BATCH).report.error
    assert isinstance(error, SetupError)
    assert "no file for the org 'nobody'" in str(error)
    assert "Deploy the same files to all machines" in str(error)


def test_a_batch_of_an_org_that_is_out_says_why(orgs, folder):
    (folder / "orgs" / "globex.yaml").write_bytes(WRONG["a mistake"])
    outcome = orgs.serve("globex", BATCH)
    assert isinstance(outcome.report.error, SetupError)
    assert outcome.settled == {}


def test_whoever_watches_keeps_all_orgs_open_however_many(folder, org):
    with roster(folder, org, most=1) as few:
        before = few.look()
        after = few.look()
        assert len(after) == 2
        assert all(after[name] is before[name] for name in after)


def test_whoever_only_serves_keeps_the_last_few_open(folder, org):
    with roster(folder, org, most=1) as few:
        tenants = few.tenants()
        first = few.branch(tenants["acme"])
        few.branch(tenants["globex"])
        assert few.branch(tenants["acme"]) is not first


def test_the_only_org_must_be_in_order_from_the_start(tmp_path, org):
    installed(tmp_path)
    (tmp_path / "sfsync.yaml").write_bytes(WRONG["a mistake"].replace(b"extends: ../sfsync.yaml\n", b""))
    with roster(tmp_path, org) as alone, pytest.raises(SetupError):
        alone.look()
