"""Which language and which numbers a form has: by the customer's country, by the rep, or as the settings say."""

from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO

import pytest
from pypdf import PdfReader

from sfsync import config
from sfsync.forms import blueprint as order_forms
from sfsync.renderers import Renderers
from tests.story.conftest import SETTINGS, World

TEMPLATE = """\
<form lang="en" title="{{ Opportunity.Name }}"><h>{{ _("Products") }}</h>
<p>{{ 1234.5 | money }}, {{ Opportunity.CloseDate | date("long") }}</p></form>
"""
RULE = SETTINGS.replace("      Account.BillingStreet: Add the billing address to the account.\n", "")
BY_ACCOUNT = f"{RULE}locale_from: account\ncountries: {{CH: fr_CH}}\n"
BY_OWNER = f"{RULE}locale_from: owner\n"


@pytest.fixture
def polyglot(world, tmp_path) -> Iterator[World]:
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "de.yaml").write_text("Products: Produkte")
    (tmp_path / "words" / "fr.yaml").write_text("Products: Produits")
    (tmp_path / "form.xml").write_text(TEMPLATE)
    (tmp_path / "sfsync.yaml").write_text(BY_ACCOUNT)
    blueprints = order_forms.load(config.load(tmp_path / "sfsync.yaml"))
    with Renderers({b.settings.name: b.design for b in blueprints}, processes=1) as renderers:
        yield replace(world, folder=tmp_path, renderers=renderers)


def printed(world: World, deal: str) -> str:
    [(_, file, _)] = world.files(deal)
    [page] = PdfReader(BytesIO(world.rep.download(file))).pages
    return page.extract_text().replace("\xa0", " ").replace("\u202f", " ")


@pytest.mark.parametrize(
    ("country", "text"),
    [
        ("Deutschland", "Produkte\n1.234,50 $, 31. Dezember 2026"),
        ("Switzerland", "Produits\n1 234.50 $US, 31 décembre 2026"),
        ("Japan", "Products\n$1,234.50, December 31, 2026"),
        ("Sweden", "Products\n1 234,50 US$, 31 December 2026"),
        (None, "Products\n$1,234.50, December 31, 2026"),
    ],
)
def test_a_customer_reads_the_language_of_the_billing_country(polyglot, country, text):
    deal = polyglot.deal(account=polyglot.account(BillingCountry=country))
    polyglot.move(deal)
    polyglot.run(polyglot.worker(BY_ACCOUNT))
    assert printed(polyglot, deal) == text


def test_another_billing_country_makes_another_version(polyglot):
    account = polyglot.account(BillingCountry="USA")
    deal = polyglot.deal(account=account)
    polyglot.move(deal)
    worker = polyglot.worker(BY_ACCOUNT)
    polyglot.run(worker)
    polyglot.rep.update("Account", account, BillingCountry="Germany")
    polyglot.run(worker)
    assert [version for _, _, version in polyglot.files(deal)] == [2]
    assert "Produkte" in printed(polyglot, deal)


def test_the_form_may_follow_the_rep_instead(polyglot):
    deal = polyglot.deal(account=polyglot.account(BillingCountry="France"))
    polyglot.rep.update("User", polyglot.record(deal)["OwnerId"], LocaleSidKey="de_AT")
    polyglot.move(deal)
    polyglot.run(polyglot.worker(BY_OWNER))
    assert printed(polyglot, deal) == "Produkte\n$ 1.234,50, 31. Dezember 2026"
