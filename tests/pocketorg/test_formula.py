"""What formulas work out, and what they refuse."""

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sfsync.pocketorg.errors import ApiError
from sfsync.pocketorg.query import formula
from sfsync.pocketorg.schema import Field, SObject
from tests.pocketorg.small_org import NOW, SmallOrg, small_org


@pytest.fixture
def org() -> Iterator[SmallOrg]:
    with small_org() as made:
        account = made.insert("Account", Name="Edge", BillingCity="Köln", OwnerId=made.user_id)
        made.insert(
            "Opportunity",
            Name="Edge SLA",
            AccountId=account,
            Amount=1234.5,
            IsWon=1,
            StageName="Order Form",
            CloseDate="2026-01-31",
            Requested_At__c="2026-05-01T07:25:37.000Z",
            Ready_At__c="2026-05-01T07:25:42.000Z",
            Tags__c="A;B",
        )
        yield made


def work_out(org: SmallOrg, text: str, *, now: datetime = NOW) -> Any:
    opportunity = org.schema.get("Opportunity")
    assert opportunity is not None
    sql = formula.compile(text, opportunity, org.schema).sql("t", now=now, user_id=org.user_id)
    return org.db.execute(f'SELECT {sql} FROM "Opportunity" AS t').fetchone()[0]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("7 / 2", 3.5),
        ("2 ^ 3 ^ 2", 64),
        ("-2 ^ 2", 4),
        ("10 - 4 - 3", 3),
        ("Amount / 0", None),
        ("ROUND(2.5, 0)", 3),
        ("ROUND(-2.345, 2)", -2.35),
        ("ROUND(1250, -2)", 1300),
        ("CEILING(-2.1)", -3),
        ("FLOOR(-2.9)", -2),
        ("MOD(7, 3)", 1),
        ("TRUNC(-2.345, 2)", -2.34),
        ("MCEILING(-2.1)", -2),
        ("MFLOOR(-2.1)", -3),
        ("ROUND(LN(EXP(2)), 6) + LOG(1000)", 5),
        ('LPAD("7", 3, "0") & RPAD("abcd", 2) & RPAD("a", 3, "xy")', "007abaxy"),
        ('CASESAFEID("006Pk000000000a")', "006Pk000000000aIAA"),
        ("FROMUNIXTIME(UNIXTIMESTAMP(Ready_At__c)) = Ready_At__c", 1),
        ("DAYOFYEAR(CloseDate)", 31),
        ("$User.Email", "dana@example.com"),
        ("ISBLANK($UserRole.Name)", 1),
        ("ABS(-4) + MIN(3, 1, 2) + MAX(5)", 10),
        ('"a" & Name & "z"', "aEdge SLAz"),
        ('"a" + "b"', "ab"),
        ("NextStep & 'x'", "x"),
        ("Name = 'Edge SLA'", 1),
        ("Name = 'edge sla'", 0),
        ("NextStep = ''", 1),
        ("ExpectedRevenue = 5", 0),
        ("ExpectedRevenue <> 5", 1),
        ("Amount > 1000 && NOT(Amount > 2000)", 1),
        ("AND(TRUE, IsWon, !FALSE)", 1),
        ("OR(FALSE, IsWon = FALSE)", 0),
        ("IF(Amount > 1000, 'large', 'small')", "large"),
        ("IF(ExpectedRevenue > 1, 'yes', 'no')", "no"),
        ('CASE(StageName, "Won", 1, "Order Form", 2, 3)', 2),
        ("CASE(MONTH(CloseDate), 1, 'Jan', 'other')", "Jan"),
        ("ISBLANK(NextStep)", 1),
        ("ISNULL(ExpectedRevenue)", 1),
        ("ISNULL(NextStep)", 0),
        ("BLANKVALUE(NextStep, 'none')", "none"),
        ("NULLVALUE(ExpectedRevenue, 9)", 9),
        ("ISPICKVAL(StageName, 'Order Form')", 1),
        ("TEXT(StageName)", "Order Form"),
        ("TEXT(12)", "12"),
        ("TEXT(Amount)", "1234.5"),
        ("TEXT(CloseDate)", "2026-01-31"),
        ("TEXT(Ready_At__c)", "2026-05-01 07:25:42Z"),
        ("INCLUDES(Tags__c, 'B')", 1),
        ("VALUE('12.5') + 1", 13.5),
        ("LEN(Name)", 8),
        ("LEFT(Name, 4) & RIGHT(Name, 3) & MID(Name, 2, 2)", "EdgeSLAdg"),
        ("UPPER(Account.BillingCity) & LOWER('ÄB')", "KÖLNäb"),
        ("TRIM('  a ')", "a"),
        ("CONTAINS(Name, 'SLA')", 1),
        ("CONTAINS(Name, 'sla')", 0),
        ("BEGINS(Name, 'Edge')", 1),
        ("FIND('g', Name)", 3),
        ("FIND('e', Name, 5)", 0),
        ("SUBSTITUTE(Name, 'SLA', 'Install')", "Edge Install"),
        (r'REGEX("12345", "\\d{5}")', 1),
        (r'REGEX("12345x", "\\d{5}")', 0),
        ("YEAR(CloseDate) * 100 + MONTH(CloseDate) + DAY(CloseDate)", 202632),
        ("DATE(2026, 2, 28) + 1", "2026-03-01"),
        ("CloseDate - DATE(2026, 1, 1)", 30),
        ("CloseDate < TODAY()", 1),
        ("ADDMONTHS(CloseDate, 1)", "2026-02-28"),
        ("ADDMONTHS(DATE(2026, 2, 28), 1)", "2026-03-31"),
        ("WEEKDAY(DATE(2026, 5, 17))", 1),
        ("(Ready_At__c - Requested_At__c) * 86400", 5),
        ("Ready_At__c + 1.5", "2026-05-02T19:25:42.000Z"),
        ("DATEVALUE(Ready_At__c)", "2026-05-01"),
        ("DATETIMEVALUE('2026-05-01 07:00:00')", "2026-05-01T07:00:00.000Z"),
        ("TODAY()", "2026-05-14"),
        ("NOW() > Ready_At__c", 1),
        ("Account.Owner.Name", "Dana Reyes"),
        ("ISBLANK(Account.Parent.Name)", 1),
        ("Seconds__c * 2", 10),
        ("/* why */ 1", 1),
    ],
)
def test_a_formula_works_out_as_in_salesforce(org: SmallOrg, text: str, value: Any) -> None:
    assert (
        work_out(org, text) == pytest.approx(value) if isinstance(value, float | int) else value == work_out(org, text)
    )


def test_today_is_the_day_in_the_zone_of_the_clock(org: SmallOrg) -> None:
    late = datetime(2026, 5, 14, 23, 30, tzinfo=timezone(timedelta(hours=-5)))
    assert work_out(org, "TODAY()", now=late) == "2026-05-14"
    assert work_out(org, "NOW()", now=late) == "2026-05-15T04:30:00.000Z"


def rule(org: SmallOrg, text: str, *, before: str | None, after: str) -> bool:
    """Whether a validation rule is broken when the name goes from `before` to `after`."""
    opportunity = org.schema.get("Opportunity")
    assert opportunity is not None
    compiled = formula.compile(text, opportunity, org.schema)
    rows = "WITH new AS (SELECT ? AS Name), old AS (SELECT ? AS Name)"
    sql = compiled.sql("new", None if before is None else "old", now=NOW)
    return bool(org.db.execute(f"{rows} SELECT {sql} FROM new, old", (after, before)).fetchone()[0])


def test_a_rule_sees_what_changed(org: SmallOrg) -> None:
    assert rule(org, "ISCHANGED(Name)", before="a", after="b")
    assert not rule(org, "ISCHANGED(Name)", before="a", after="a")
    assert rule(org, "PRIORVALUE(Name) = 'a' && Name = 'b'", before="a", after="b")
    assert not rule(org, "ISNEW()", before="a", after="b")


def test_a_new_record_has_not_changed_and_its_prior_value_is_its_value(org: SmallOrg) -> None:
    assert rule(org, "AND(ISNEW(), NOT(ISCHANGED(Name)), PRIORVALUE(Name) = 'b')", before=None, after="b")


def test_blank_numbers_count_as_nothing_or_as_zero(org: SmallOrg) -> None:
    opportunity = org.schema.get("Opportunity")
    assert opportunity is not None
    for as_zero, value in ((False, None), (True, 1)):
        sql = formula.compile("ExpectedRevenue + 1", opportunity, org.schema, blank_as_zero=as_zero).sql("t", now=NOW)
        assert org.db.execute(f'SELECT {sql} FROM "Opportunity" AS t').fetchone()[0] == value


def test_a_formula_field_can_be_selected_filtered_and_sorted(org: SmallOrg) -> None:
    (record,) = org.records(
        "SELECT Seconds__c, City__c FROM Opportunity WHERE City__c = 'köln' ORDER BY Seconds__c DESC"
    )
    assert (record["Seconds__c"], record["City__c"]) == (5.0, "KÖLN")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("HYPERLINK('a', 'b')", "Unknown function HYPERLINK. Check spelling."),
        ("Nope__c + 1", "Field Nope__c does not exist. Check spelling."),
        ("Account.Nope__c", "Field Nope__c does not exist"),
        ("Nope__r.Name", "Field Nope__r.Name does not exist"),
        ("$Permission.X", "global variable $Permission.X is not supported"),
        ("$User.Nothing", "Field Nothing does not exist"),
        ("$Setup.Nothing__c.X__c", "Nothing__c.X__c does not exist"),
        ("VLOOKUP(Name, Name, Name)", "Unknown function VLOOKUP"),
        ("1 +", "Syntax error"),
        ("(1", "Syntax error"),
        ("1 ? 2", "Syntax error"),
        ("", "Syntax error"),
        ("StageName = 'x'", "Picklist fields are only supported in certain functions"),
        ("Amount + Name", "Incorrect parameter type"),
        ("Amount = 'x'", "Incorrect parameter type"),
        ("NOT(Amount)", "Expected Boolean, received Number"),
        ("LEFT(Name)", "Incorrect number of parameters for function 'LEFT()'. Expected 2, received 1"),
        ("IF(TRUE, 1, 'a')", "can not stand for one another"),
        ("'a\0b'", "not allowed"),
        ("9" * 400, "too large"),
        ("1 + " * 1000 + "1", "Maximum length is 3,900 characters"),
        ("NOT(" * 700 + "TRUE" + ")" * 700, "too complex"),
    ],
)
def test_a_wrong_formula_is_refused_naming_what_is_wrong(org: SmallOrg, text: str, words: str) -> None:
    with pytest.raises(ApiError) as refused:
        work_out(org, text)
    assert words in refused.value.message


def test_long_chains_and_many_alternatives_are_worked_out(org: SmallOrg) -> None:
    assert work_out(org, " & ".join(["'ab'"] * 300)) == "ab" * 300
    assert work_out(org, "Amount < 0 || " * 150 + "IsWon") == 1
    assert work_out(org, "Amount > 0 && " * 150 + "IsWon") == 1
    assert work_out(org, "1 - 2 + " * 300 + "4 / 2 * 3") == 6 - 300
    assert work_out(org, "IF(Amount = 1, 'a', " * 20 + "'z'" + ")" * 20) == "z"


def test_a_formula_that_reads_itself_is_refused(org: SmallOrg) -> None:
    opportunity = org.schema.get("Opportunity")
    assert opportunity is not None
    opportunity.add(Field(name="Loop__c", label="Loop", type="string", formula="Loop__c & 'x'"))
    try:
        assert "nested too deeply" in org.refusal("SELECT Loop__c FROM Opportunity").message
    finally:
        del opportunity.fields["loop__c"]


NUMBERS = st.integers(0, 99).map(lambda n: (str(n), float(n)))
SUMS = st.recursive(
    NUMBERS,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda p: (f"({p[0][0]} + {p[1][0]})", p[0][1] + p[1][1])),
        st.tuples(inner, inner).map(lambda p: (f"({p[0][0]} - {p[1][0]})", p[0][1] - p[1][1])),
        st.tuples(inner, inner).map(lambda p: (f"{p[0][0]} * {p[1][0]}", p[0][1] * p[1][1])),
        inner.map(lambda p: (f"ABS({p[0]})", abs(p[1]))),
        st.tuples(inner, inner).map(lambda p: (f"IF({p[0][0]} > {p[1][0]}, 1, 0)", float(p[0][1] > p[1][1]))),
    ),
    max_leaves=6,
)
SHARED = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))


@SHARED
@given(sum_=SUMS)
def test_any_sum_agrees_with_arithmetic(org: SmallOrg, sum_: tuple[str, float]) -> None:
    text, value = sum_
    assert work_out(org, text) == pytest.approx(value)


@SHARED
@given(value=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_any_text_in_a_formula_stays_text(org: SmallOrg, value: str) -> None:
    quoted = '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    assert work_out(org, quoted) == value


@SHARED
@given(text=st.one_of(st.text(), st.text(alphabet="()1+-*/&|=<>'\"\\ ,.AIFNOT!^")))
def test_any_text_is_a_formula_or_refused(org: SmallOrg, text: str) -> None:
    opportunity = org.schema.get("Opportunity")
    assert opportunity is not None
    try:
        formula.compile(text, opportunity, org.schema)
    except ApiError as error:
        assert error.code == "FIELD_INTEGRITY_EXCEPTION"  # noqa: PT017 - any text, so most are refused


def test_a_custom_setting_counts_for_the_user_before_the_profile_and_the_org(org: SmallOrg) -> None:
    fields = [Field(name=name, label=name, type="string") for name in ("Id", "SetupOwnerId", "Colour__c")]
    setting = SObject(name="Paint__c", label="Paint", label_plural="Paints", key_prefix="a77")
    setting.fields = {field.name.lower(): field for field in fields}
    org.schema.add(setting)
    org.db.execute('CREATE TABLE "Paint__c" ("Id", "SetupOwnerId", "Colour__c")')
    text = "$Setup.Paint__c.Colour__c"
    assert work_out(org, text) is None
    org.insert("Paint__c", SetupOwnerId=org.insert("Organization", Name="O"), Colour__c="grey")
    assert work_out(org, text) == "grey"
    org.insert("Paint__c", SetupOwnerId=org.user_id, Colour__c="red")
    assert work_out(org, text) == "red"
