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
        "nowhere.yaml: The settings cannot be read: No such file or directory. Name another file with --config FILE."
    )


def test_text_pasted_from_a_web_page_is_understood(write):
    assert config.load(write(GOOD.replace("  name:", "\u00a0\u00a0name:"))).settings.company.name == "Northwind"


def test_an_address_is_read_line_by_line(write):
    text = GOOD.replace("  name: Northwind\n", "  name: Northwind\n  address: |\n    Street 1\n    City\n")
    assert config.load(write(text)).settings.company.address == ("Street 1", "City")


def test_dates_are_printed_in_the_zone_of_the_business_hours(write):
    settings = config.load(write(GOOD + "business_hours: Mon-Fri 8:00-18:00 America/New_York\n")).settings
    assert settings.zone.key == "America/New_York"


def test_two_order_forms_of_one_name_are_refused(write):
    again = GOOD + "  - {name: Standard, stage: Other, template: other.xml}\n"
    assert "Two order forms are called 'Standard'." in complaint(write(again))
