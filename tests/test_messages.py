"""What people read in Salesforce: kept in one place, changed in the settings, checked when they are loaded."""

import pickle

import pytest
from pydantic import ValidationError

from sfsync.messages import Messages, placeholders, told
from sfsync.said import Gaps, say


@pytest.mark.parametrize("name", Messages.model_fields)
def test_every_message_says_when_it_is_told_and_what_to_do(name):
    assert told(name).when.endswith(".")
    assert told(name).do.endswith(".")


def test_a_message_may_be_said_in_another_language():
    words = Messages.model_validate({"total_differs": "Die Produkte ergeben {total}, im Betrag steht {amount}."})
    assert words.total_differs.format(total="1 €", amount="2 €") == "Die Produkte ergeben 1 €, im Betrag steht 2 €."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Summe {sum}", "'{sum}' means nothing in 'total_differs'. It knows {total} and {amount}."),
        ("Summe {total", "A brace is not closed. Write {{ and }} for braces that are meant as such."),
        ("Summe {total.__class__}", "'{total.__class__}' means nothing in 'total_differs'."),
        ("Summe {total!r}", "'{total!}' means nothing in 'total_differs'."),
        ("Summe {total:>9999}", "'{total:}' means nothing in 'total_differs'."),
        ("Summe {}", "'{}' means nothing in 'total_differs'."),
    ],
)
def test_what_stands_in_braces_is_checked(text, said):
    with pytest.raises(ValidationError) as caught:
        Messages.model_validate({"total_differs": text})
    assert said in str(caught.value)


def test_braces_that_are_meant_as_such_are_written_twice():
    assert placeholders("{{total}} of {total}") == ["total"]


def test_what_is_found_while_rendering_is_told_in_the_words_of_the_settings():
    words = Messages.model_validate({"misfit": "{field}: {why}", "too_long": "'{text}' ist zu lang."})
    gaps = pickle.loads(pickle.dumps(Gaps([say("misfit", why=say("too_long", text="Acme"), fields="", field="Kunde")])))
    assert gaps.told(words) == "• Kunde: 'Acme' ist zu lang."
    assert str(gaps) == "• 'Acme' is too long for the form. Shorten it. (; field 'Kunde' of the form)"
