"""In which words SOQL refuses."""

import json
from pathlib import Path

import pytest

from sfsync.pocketorg.query import soql
from tests.pocketorg.small_org import Everyone, SmallOrg

RECORDED = Path(__file__).parents[3] / ".." / "shared" / "salesforce" / "recorded" / "rest" / "sf-functions-python"
WSDL = " Please reference your WSDL or the describe call for the appropriate names."


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("SELEKT Name FROM Account", "MALFORMED_QUERY", "unexpected token: SELEKT"),
        ("SELECT Name FROM", "MALFORMED_QUERY", "unexpected token: '<EOF>'"),
        ("SELECT Name, FROM Account", "MALFORMED_QUERY", "unexpected token: 'FROM'"),
        ("SELECT Id FROM Account WHERE Name = 'a' OR Name = 'b' AND Name = 'c'", "MALFORMED_QUERY", "token: 'AND'"),
        (
            "SELECT Id FROM Account WHERE Name = $x",
            "MALFORMED_QUERY",
            "line 1:37 no viable alternative at character '$'",
        ),
        ("SELECT Id FROM Account WHERE Name = 'x", "MALFORMED_QUERY", "no viable alternative"),
        (r"SELECT Id FROM Account WHERE Name = 'a\d'", "MALFORMED_QUERY", r"Illegal character sequence '\d'"),
        ("SELECT Nope__c FROM Account", "INVALID_FIELD", "No such column 'Nope__c' on entity 'Account'."),
        ("SELECT Nope.Name FROM Account", "INVALID_FIELD", "Didn't understand relationship 'Nope' in field path."),
        ("SELECT Account.Nope FROM Opportunity", "INVALID_FIELD", "No such column 'Nope' on entity 'Account'."),
        ("SELECT Id FROM Nope", "INVALID_TYPE", "sObject type 'Nope' is not supported."),
        ("SELECT Id, (SELECT Id FROM Nopes) FROM Account", "INVALID_TYPE", "relationship 'Nopes' in FROM part"),
        ("SELECT Id, Name, Id FROM Account", "INVALID_FIELD", "duplicate field selected: Id"),
        ("SELECT Name n FROM Account", "MALFORMED_QUERY", "only aggregate expressions use field aliasing"),
        ("SELECT Name, COUNT(Id) FROM Account", "MALFORMED_QUERY", "Field must be grouped or aggregated: Name"),
        (
            "SELECT Id FROM Opportunity WHERE Description = 'x'",
            "INVALID_FIELD",
            "field 'Description' can not be filtered",
        ),
        ("SELECT Id FROM Opportunity ORDER BY Description", "MALFORMED_QUERY", "'Description' can not be sorted in a"),
        ("SELECT COUNT(Id) FROM Opportunity GROUP BY Description", "MALFORMED_QUERY", "can not be grouped in a query"),
        ("SELECT SUM(Name) FROM Account", "MALFORMED_QUERY", "field Name does not support aggregate operator SUM"),
        ("SELECT Id FROM Account WHERE BillingAddress = 'x'", "INVALID_FIELD", "can not be filtered in a query call"),
        (
            "SELECT Id FROM Opportunity WHERE Amount = '5'",
            "INVALID_FIELD",
            "value of filter criterion for field 'Amount' must be of type double and should not be enclosed in quotes",
        ),
        (
            "SELECT Id FROM Opportunity WHERE Name = 5",
            "INVALID_FIELD",
            "value of filter criterion for field 'Name' must be of type string and should be enclosed in quotes",
        ),
        (
            "SELECT Id FROM Opportunity WHERE CreatedDate > 2026-05-01",
            "INVALID_FIELD",
            "field 'CreatedDate' must be of type dateTime and should not be enclosed in quotes",
        ),
        ("SELECT Id FROM Account WHERE Id = 'wonky'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: wonky"),
        (
            "SELECT Id FROM Account WHERE Id LIKE '001%'",
            "INVALID_QUERY_FILTER_OPERATOR",
            "invalid operator on id field",
        ),
        ("SELECT Id FROM Account LIMIT 1 OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", "offset allowed is 2000"),
        ("SELECT FIELDS(ALL) FROM Account", "MALFORMED_QUERY", "must have a LIMIT of at most 200"),
        ("SELECT Id FROM ContentDocumentLink", "MALFORMED_QUERY", "requires a filter by a single Id on"),
        ("SELECT Id FROM ContentDocumentLink WHERE ShareType = 'V'", "MALFORMED_QUERY", "using the IN operator."),
        ("SELECT Id FROM Opportunity WHERE CreatedDate > 2026-05-01T00:00:00 02:00", "MALFORMED_QUERY", "token: '02'"),
        (
            "SELECT Id FROM Opportunity WHERE CreatedDate > 2026-05-01T00:00:00",
            "MALFORMED_QUERY",
            "no viable alternative",
        ),
        ("SELECT Id FROM Opportunity WHERE CloseDate = 2026-02-30", "MALFORMED_QUERY", "2026-02-30"),
        ("SELECT Id FROM Opportunity WHERE CloseDate = SOMEDAY", "MALFORMED_QUERY", "unexpected token: 'SOMEDAY'"),
        ("SELECT TYPEOF What WHEN Account THEN Phone END FROM Task", "MALFORMED_QUERY", "TYPEOF is not supported"),
        ("SELECT COUNT(Id) FROM Account GROUP BY ROLLUP(Name), Type", "MALFORMED_QUERY", "can not be combined"),
        ("SELECT COUNT(Id) FROM Account GROUP BY CUBE(Name, Type, Site, Fax)", "MALFORMED_QUERY", "between 1 and 3"),
        ("SELECT GROUPING(Type) FROM Account GROUP BY ROLLUP(Name)", "MALFORMED_QUERY", "takes a field of GROUP BY"),
        ("SELECT Id FROM Account ALL ROWS", "MALFORMED_QUERY", "ALL ROWS not allowed in this context"),
        ("SELECT Id FROM Account FOR UPDATE", "MALFORMED_QUERY", "FOR UPDATE is not allowed in this context"),
        ("SELECT Id FROM Account USING SCOPE mine", "MALFORMED_QUERY", "USING SCOPE mine is not supported"),
        ("SELECT Id FROM Account WHERE DISTANCE(Name, GEOLOCATION(1, 2), 'km') < 5", "MALFORMED_QUERY", "DISTANCE()"),
        (
            "SELECT Id FROM Account WHERE Name = 'a' OR Id IN (SELECT AccountId FROM Contact)",
            "MALFORMED_QUERY",
            "only allowed at the top level WHERE expressions",
        ),
        (
            "SELECT Id FROM Account WHERE Id IN (SELECT ParentId FROM Account)",
            "MALFORMED_QUERY",
            "should not be on the same object type",
        ),
        (
            "SELECT Id FROM ContentDocument WHERE Id IN (SELECT ContentDocumentId FROM ContentDocumentLink)",
            "MALFORMED_QUERY",
            "Entity 'ContentDocumentLink' is not supported for semi join inner selects",
        ),
        (f"SELECT Id FROM Account WHERE Name = '{'x' * 4001}'", "MALFORMED_QUERY", "4000 characters"),
        (f"SELECT Id FROM Account WHERE Name = 'x'{' ' * 100_000}", "MALFORMED_QUERY", "100000 characters"),
    ],
)
def test_what_is_wrong_is_refused_in_salesforces_words(org: SmallOrg, text: str, code: str, words: str) -> None:
    error = org.refusal(text)
    assert (error.status, error.code) == (400, code)
    assert words in error.message


def test_an_unknown_column_is_pointed_at_as_recorded(org: SmallOrg) -> None:
    recording = RECORDED / "query-unknown-column.json"
    if not recording.exists():
        pytest.skip("the recordings are not beside this checkout")
    recorded = json.loads(recording.read_text(encoding="utf-8"))
    asked = recorded["request"]["queryParameters"]["q"]["equalTo"]
    assert org.refusal(asked).body() == json.loads(recorded["response"]["body"])


def test_a_malformed_query_is_answered_as_recorded(org: SmallOrg) -> None:
    recording = RECORDED / "query-malformed-soql.json"
    if not recording.exists():
        pytest.skip("the recordings are not beside this checkout")
    recorded = json.loads(recording.read_text(encoding="utf-8"))
    asked = recorded["request"]["queryParameters"]["q"]["equalTo"]
    assert org.refusal(asked).body() == json.loads(recorded["response"]["body"])


def test_what_a_user_may_not_see_is_not_there(sales: SmallOrg) -> None:
    sales.access = Everyone(
        frozenset({"Contact"}), frozenset({("Opportunity", "Amount"), ("Opportunity", "AccountId")})
    )
    assert "No such column 'Amount'" in sales.refusal("SELECT Amount FROM Opportunity").message
    assert sales.refusal("SELECT Id FROM Opportunity WHERE Amount > 1").code == "INVALID_FIELD"
    assert sales.refusal("SELECT Id FROM Contact").code == "INVALID_TYPE"
    assert "relationship 'Account'" in sales.refusal("SELECT Account.Name FROM Opportunity").message
    assert sales.refusal("SELECT Id, (SELECT Id FROM Contacts) FROM Account").code == "INVALID_TYPE"


def test_the_pointer_stays_below_its_word_in_a_long_query() -> None:
    text = f"SELECT {', '.join(f'Field_{n}__c' for n in range(40))} FROM Account"
    at = soql.Place(text.index("Field_20__c"), 1, text.index("Field_20__c") + 1)
    line, caret = soql.pointed(text, at, "").message.split("\n")[1:3]
    assert line[len(caret) - 1 :].startswith("Field_20__c")
    assert len(line) < 100
