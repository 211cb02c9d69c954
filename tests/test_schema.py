"""The schema that editors read says what the settings take."""

import json
from datetime import timedelta

import pytest
import yaml
from jsonschema import Draft7Validator

from sfsync import schema
from sfsync.settings import Settings
from tests.conftest import ROOT

SCHEMA = json.loads(schema.schema())
EDITOR = Draft7Validator(SCHEMA)
SHIPPED = yaml.safe_load((ROOT / "config" / "sfsync.yaml").read_text("utf-8"))


def every_field(part: object) -> list[dict[str, object]]:
    if isinstance(part, list):
        return [found for each in part for found in every_field(each)]
    if not isinstance(part, dict):
        return []
    own = list(part["properties"].values()) if isinstance(part.get("properties"), dict) else []
    return own + [found for each in part.values() for found in every_field(each)]


def test_it_is_a_schema_and_the_shipped_settings_name_and_keep_it():
    Draft7Validator.check_schema(SCHEMA)
    assert (ROOT / "config" / "sfsync.yaml").read_text("utf-8").startswith(f"{schema.FIRST_LINE}\n")
    assert list(EDITOR.iter_errors(SHIPPED)) == []


def test_an_editor_can_explain_every_setting():
    assert all(field.get("description") for field in every_field(SCHEMA))
    assert len(every_field(SCHEMA)) > 40


def test_a_default_is_shown_as_one_writes_it():
    assert SCHEMA["properties"]["check_every"]["default"] == "15 seconds"
    assert schema.spelled(timedelta(days=30)) == "30 days"


@pytest.mark.parametrize(
    "wrong",
    [
        {"check_every": "soon"},
        {"business_hours": "always"},
        {"currency": "Dollar"},
        {"chekc_every": "5 minutes"},
        {"company": {"naem": "Northwind"}},
        {"order_forms": "Standard"},
        {"fields": {"status": "Order Form"}},
        {"amount_tolerance": -1},
    ],
)
def test_an_editor_marks_what_sfsync_would_refuse(wrong):
    assert list(EDITOR.iter_errors({**SHIPPED, **wrong}))
    with pytest.raises(ValueError, match=r".+"):
        Settings.model_validate({**SHIPPED, **wrong})


@pytest.mark.parametrize("name", ["check_every", "business_hours", "time_zone", "locale"])
def test_every_example_is_one_that_sfsync_takes(name):
    said = SCHEMA["properties"][name]
    options = [said, *said.get("anyOf", [])]
    for example in next(option["examples"] for option in options if "examples" in option):
        assert list(EDITOR.iter_errors({**SHIPPED, name: example})) == []
        Settings.model_validate({**SHIPPED, name: example})
