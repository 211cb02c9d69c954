"""One file of settings extends another: what it says has the last word, and every mistake is named where it stands."""

from pathlib import Path

import pytest

from sfsync import config
from sfsync.errors import SetupError, SetupErrors
from sfsync.forms import blueprint as order_forms

BASE = """\
company:
  name: Northwind Group
  email: orders@northwind.example
order_forms:
  - name: Standard
    stage: Order Form
    template: form.xml
currency: USD
"""


@pytest.fixture
def orgs(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "form.xml").write_text("<form title='Form'><p>{{ Opportunity.Name }}</p></form>")
    folder = tmp_path / "config" / "orgs"
    folder.mkdir(parents=True)
    (folder.parent / "sfsync.yaml").write_text(BASE)
    return folder


def written(orgs: Path, text: str) -> Path:
    file = orgs / "acme.yaml"
    file.write_text(f"extends: ../sfsync.yaml\n{text}")
    return file


def test_what_it_does_not_say_is_the_others(orgs):
    found = config.load(written(orgs, "company:\n  name: Acme\n")).settings
    assert (found.company.name, found.company.email) == ("Acme", "orders@northwind.example")
    assert (found.currency, found.order_forms[0].stage) == ("USD", "Order Form")


def test_a_list_stands_for_the_whole_of_the_others(orgs):
    own = "order_forms:\n  - {name: Ours, stage: Won, template: form.xml}\n"
    assert [form.name for form in config.load(written(orgs, own)).settings.order_forms] == ["Ours"]


def test_templates_are_found_where_the_others_are(orgs):
    loaded = config.load(written(orgs, ""))
    assert order_forms.load(loaded)[0].design.template.name == "templates/form.xml"
    own = orgs.parent / "templates"
    own.mkdir()
    (own / "form.xml").write_text("<form title='Own'><p>Own</p></form>")
    assert loaded.find("form.xml").resolve() == (own / "form.xml").resolve()


@pytest.mark.parametrize(
    ("base", "own", "where", "what"),
    [
        (BASE.replace("USD", "Dollar"), "", "config/sfsync.yaml:8", "not a currency code"),
        (BASE, "currency: Euro\n", "config/orgs/acme.yaml:2", "not a currency code"),
        (BASE, "order_forms:\n  - {name: A, stag: B, template: form.xml}\n", "config/orgs/acme.yaml:3", "stag"),
        (f"extends: orgs/acme.yaml\n{BASE}", "", "config/sfsync.yaml:1", "extends itself"),
        (f"extends: nowhere.yaml\n{BASE}", "", "config/sfsync.yaml:1", "cannot be read"),
    ],
)
def test_a_mistake_is_named_in_the_file_where_it_stands(orgs, base, own, where, what):
    (orgs.parent / "sfsync.yaml").write_text(base)
    with pytest.raises(SetupError) as caught:
        config.load(written(orgs, own))
    problems = caught.value.problems if isinstance(caught.value, SetupErrors) else [caught.value]
    assert any(p.where == where and what in p.what for p in problems), [str(p) for p in problems]


def test_three_files_make_a_chain(orgs):
    (orgs.parent / "sfsync.yaml").write_text(f"extends: group.yaml\n{BASE.replace('currency: USD', 'currency: EUR')}")
    (orgs.parent / "group.yaml").write_text("locale: de_DE\ncurrency: CHF\n")
    found = config.load(written(orgs, "company: {name: Acme}\n")).settings
    assert (found.locale, found.currency, found.company.name) == ("de_DE", "EUR", "Acme")
