"""The admin's file: every mistake is named with its line, and a good file reads as it looks."""

from datetime import timedelta
from pathlib import Path
from textwrap import dedent

import pytest

from sfsync import config
from sfsync.errors import SetupError

GOOD = """\
company:
  name: Northwind
order_forms:
  - name: Standard
    stage: Order Form
    template: order_form.xml
"""


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write_(text: str) -> Path:
        path = Path("config/sfsync.yaml")
        path.parent.mkdir(exist_ok=True)
        path.write_text(dedent(text), "utf-8")
        return path

    return write_


def complaint(path: Path) -> str:
    with pytest.raises(SetupError) as caught:
        config.load(path)
    return str(caught.value)


def test_a_short_file_is_enough(write):
    settings = config.load(write(GOOD)).settings
    assert settings.order_forms[0].file_name == "Order Form {{ Opportunity.Name }}"
    assert settings.check_every == timedelta(seconds=15)
    assert settings.fields.status == "Order_Form_Status__c"


def test_the_shipped_settings_load():
    shipped = Path(__file__).parents[1] / "config" / "sfsync.yaml"
    assert config.load(shipped).settings.order_forms[0].stage == "Order Form"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("chekc_every: 5 minutes", "config/sfsync.yaml:7: 'chekc_every' is not a setting. Did you mean check_every?"),
        ("check_every: soon", "config/sfsync.yaml:7: 'soon' is not a duration. Write it like 15 seconds,"),
        ("business_hours: Mon-Fri 18:00-8:00", "config/sfsync.yaml:7: 'Mon-Fri 18:00-8:00' ends before it begins."),
        ("business_hours: always", "config/sfsync.yaml:7: 'always' are not business hours."),
        ("time_zone: Berlin", "config/sfsync.yaml:7: 'Berlin' is not a time zone."),
        ("currency: Dollar", "config/sfsync.yaml:7: 'Dollar' is not a currency code."),
        ("locale: xx_YY", "config/sfsync.yaml:7: 'xx_YY' is not a locale."),
        (
            "amount_tolerance: -1",
            "config/sfsync.yaml:7: 'amount_tolerance': input should be greater than or equal to 0.",
        ),
        ("company:", "config/sfsync.yaml:7: 'company' stands here twice."),
        ("fields: {status: Order Form}", "config/sfsync.yaml:7: 'Order Form' is not the API name of a field."),
        ("fields: {stauts: X__c}", "config/sfsync.yaml:7: 'stauts' is not a setting. Did you mean status?"),
        ("check_every: [", "config/sfsync.yaml:8: This is not YAML"),
    ],
)
def test_a_wrong_line_is_named_with_its_number_and_a_remedy(write, line, said):
    assert complaint(write(GOOD + line + "\n")).startswith(said)


def test_mistakes_inside_a_form_carry_their_own_lines(write):
    text = GOOD.replace("stage: Order Form", "stgae: Order Form")
    said = complaint(write(text))
    assert "config/sfsync.yaml:4: 'stage' is missing." in said
    assert "config/sfsync.yaml:5: 'stgae' is not a setting. Did you mean stage?" in said


def test_all_mistakes_are_named_at_once(write):
    said = complaint(write(GOOD + "check_every: soon\ncurrency: Dollar\n"))
    assert "sfsync.yaml:7" in said
    assert "sfsync.yaml:8" in said


def test_an_empty_file_says_how_to_begin(write):
    assert "Begin with company:" in complaint(write(""))


def test_a_missing_file_says_how_to_name_another():
    assert complaint(Path("nowhere.yaml")) == (
        "nowhere.yaml: The settings cannot be read: No such file or directory. Name another file with --config FILE, "
        "or begin with sfsync init."
    )


@pytest.mark.parametrize(
    ("where", "line", "said"),
    [
        ("name: Northwind", "name: [Northwind]", "2: 'name': write some text here."),
        ("  name: Northwind", "  Northwind", "1: 'company': write its settings below it, indented, each with a colon."),
        (
            "  - name: Standard\n",
            "  - Standard\n  - name: Standard\n",
            "4: 'order_forms.0': write its settings below it",
        ),
        ("stage: Order Form", "stage:", "5: 'stage': write some text here."),
        ("template: order_form.xml", "template: order_form.xml\n    needs: Address", "7: 'needs': write its settings"),
        ("company:", "amount_tolerance: little\ncompany:", "1: 'amount_tolerance': write a number, such as 0.01."),
        ("company:", "stage: Won\ncompany:", "1: 'stage' is not a setting here. It belongs under order_forms."),
        (
            "stage: Order",
            "currency: EUR\n    stage: Order",
            "5: 'currency' is not a setting here. It belongs at the left",
        ),
        ("company:", "company:\n  adress: Street 1", "2: 'adress' is not a setting. Did you mean address?"),
    ],
)
def test_a_value_of_the_wrong_kind_or_in_the_wrong_place_says_what_to_write(write, where, line, said):
    assert f"config/sfsync.yaml:{said}" in complaint(write(GOOD.replace(where, line, 1)))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "client_secret: hunter2",
            "'client_secret' is a secret, and has no place in this file. Delete it here, and set",
        ),
        ("SF_PRIVATE_KEY: hunter2", "set SF_PRIVATE_KEY, or SF_PRIVATE_KEY_FILE, in the environment."),
        ("login: {password: hunter2}", "'password' is a secret, and has no place in this file."),
        ("password: hunter2", "sfsync takes no passwords"),
        ("access_token: hunter2", "sfsync takes no passwords"),
        ("username: hunter2", "Delete it here, and set SF_USERNAME in the environment."),
        ("Consumer_Key: hunter2", "Delete it here, and set SF_CLIENT_ID in the environment."),
        ("note: 00D5g000004hunter2!AQEAQhunter2hunter2hunter2", "7: Here stands a session of Salesforce."),
        ("note: eyJhunter2hunter2.eyJhunter2hunter2.hunter2", "7: Here stands an access token."),
        (f"note: {'0AB1' * 16}", "7: Here stands a Consumer Secret."),
        ("key: |\n  -----BEGIN RSA PRIVATE KEY-----\n  hunter2", "8: Here stands a private key."),
        ("-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----", "7: Here stands a private key."),
    ],
)
def test_a_secret_is_refused_with_the_place_where_it_belongs_and_never_printed(write, line, said):
    complained = complaint(write(GOOD + line + "\n"))
    assert said in complained
    assert "hunter2" not in complained
    assert "0AB1" not in complained


def test_curly_quotes_in_a_condition_are_quotes(write):
    text = GOOD + "    when: Opportunity.Type == “Renewal”\n"
    assert config.load(write(text)).settings.order_forms[0].when == 'Opportunity.Type == "Renewal"'


def test_an_address_is_read_line_by_line(write):
    text = GOOD.replace("  name: Northwind\n", "  name: Northwind\n  address: |\n    Street 1\n    City\n")
    assert config.load(write(text)).settings.company.address == ("Street 1", "City")


def test_dates_are_printed_in_the_zone_of_the_business_hours(write):
    settings = config.load(write(GOOD + "business_hours: Mon-Fri 8:00-18:00 America/New_York\n")).settings
    assert settings.zone.key == "America/New_York"


def test_two_order_forms_of_one_name_are_refused(write):
    again = GOOD + "  - {name: Standard, stage: Other, template: other.xml}\n"
    assert "Two order forms are called 'Standard'." in complaint(write(again))
