"""`sfsync preview`, as an admin types it: a form to look at, why it is as it is, and nothing written to the org."""

from io import BytesIO

import pytest
from pypdf import PdfReader

from sfsync.pocketorg.server import PocketOrg
from sfsync.samples import SAMPLES, guess
from tests.conftest import METADATA, environ
from tests.test_cli import sfsync


@pytest.fixture(scope="module")
def org():
    with PocketOrg(seed="sample", metadata=[METADATA]) as running:
        yield running


def everything(org: PocketOrg) -> list[object]:
    return [org.org.get_all(name) for name in ("Opportunity", "Account", "Order_Form__c", "ContentVersion")]


def text(file) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(file.read_bytes())).pages)


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_gives_a_form_without_any_org(tmp_path, name):
    done = sfsync("preview", "--sample", name, "--out", str(tmp_path / "form.pdf"))
    assert (done.returncode, done.stderr) == (0, "")
    assert "ORDER FORM" in text(tmp_path / "form.pdf")


def test_a_record_is_previewed_by_its_id_and_by_its_address_and_nothing_is_written(org, tmp_path):
    deal = org.org.get_all("Opportunity", Name="Burlington Textiles Weaving Plant Generator")[0]["Id"]
    before = everything(org)
    for wanted in (deal, f"https://acme.lightning.force.com/lightning/r/Opportunity/{deal}/view"):
        done = sfsync("preview", wanted, "--out", str(tmp_path / "form.pdf"), env=environ(org))
        assert done.returncode == 0
        assert "Standard, version 1, for Burlington Textiles Weaving Plant Generator" in done.stdout
        assert "Burlington Textiles Corp of America" in text(tmp_path / "form.pdf")
    assert everything(org) == before


def test_explain_names_rules_fields_conditions_and_what_would_be_written(org, tmp_path):
    deal = org.org.get_all("Opportunity", Name="Burlington Textiles Weaving Plant Generator")[0]["Id"]
    said = sfsync("preview", deal, "--explain", "--out", str(tmp_path / "form.pdf"), env=environ(org)).stdout
    assert "is for the stage Order Form; the deal stands in Negotiation/Review" in said
    assert "Account.BillingCity" in said
    assert "line.ServiceDate" in said
    assert "Order_Form_Status__c" in said


def test_a_deal_that_lacks_something_is_shown_and_says_what_it_lacks(org, tmp_path):
    deal = org.org.get_all("Opportunity", Name="Dickenson Mobile Generators")[0]["Id"]
    done = sfsync("preview", deal, "--explain", "--out", str(tmp_path / "form.pdf"), env=environ(org))
    assert done.returncode == 0
    assert "It would not be made: the record needs information.\n• Add at least one product." in done.stdout
    assert "Needs information" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Which deal? Give the Opportunity's Id or its record's address, or --sample usual."),
        (("001RM00000A1b2cYAB",), "'001RM00000A1b2cYAB' is neither the Id of an Opportunity nor its record's address."),
        (("--sample", "nope"), "--sample: There is no sample 'nope'. There are usual, long, single, world."),
        (("--sample", "usual", "--form", "X"), "--form: There is no order form 'X'. There are Standard."),
        (("--sample", "usual", "--out", "/nowhere/x.pdf"), "/nowhere/x.pdf: It cannot be written: No such file"),
    ],
)
def test_what_cannot_be_previewed_is_refused_with_what_to_do(arguments, said, tmp_path):
    done = (
        sfsync("preview", *arguments, "--out", str(tmp_path / "x.pdf"))
        if "--out" not in arguments
        else sfsync("preview", *arguments)
    )
    assert done.returncode == 2
    assert said in done.stderr


def test_a_record_that_is_not_there_is_said_to_be_missing(org):
    done = sfsync("preview", "006000000000000AAA", env=environ(org))
    assert done.returncode == 2
    assert "The org has no Opportunity 006000000000000AAA" in done.stderr


@pytest.mark.parametrize(
    ("name", "kind"),
    [("Start_Date__c", "date"), ("Setup_Fee__c", "Decimal"), ("Term_Months__c", "Decimal"), ("IsRenewal__c", "bool"),
     ("Governing_Law__c", "str")],
)  # fmt: skip
def test_a_field_of_which_only_the_name_is_known_gets_a_fitting_value(name, kind):
    assert type(guess(name)).__name__ == kind
