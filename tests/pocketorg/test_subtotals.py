"""GROUP BY ROLLUP and CUBE give what SQL of other databases gives."""

from typing import Any

import pytest
from small_org import SmallOrg, small_org


@pytest.fixture
def sales() -> Any:
    with small_org() as org:
        rows = (("Web", "Prospecting", 10.0), ("web", "Closed Won", 20.0), ("Other", "Prospecting", 5.0))
        for source, stage, amount in rows:
            org.insert("Opportunity", Name="x", LeadSource=source, StageName=stage, Amount=amount)
        yield org


def rows(org: SmallOrg, text: str) -> list[tuple[Any, ...]]:
    return [tuple(record.values())[1:] for record in org.records(text)]


def test_a_rollup_adds_a_grand_total(sales: SmallOrg) -> None:
    found = rows(sales, "SELECT LeadSource, COUNT(Id), SUM(Amount) FROM Opportunity GROUP BY ROLLUP(LeadSource)")
    assert sorted(found, key=str) == [("Other", 1, 5.0), ("Web", 2, 30.0), (None, 3, 35.0)]


def test_a_rollup_of_two_fields_has_subtotals_from_the_right(sales: SmallOrg) -> None:
    found = rows(
        sales,
        "SELECT LeadSource, StageName, GROUPING(LeadSource) a, GROUPING(StageName) b, SUM(Amount) s FROM Opportunity "
        "GROUP BY ROLLUP(LeadSource, StageName) "
        "ORDER BY GROUPING(LeadSource), LeadSource, GROUPING(StageName), StageName",
    )
    assert found == [
        ("Other", "Prospecting", 0, 0, 5.0),
        ("Other", None, 0, 1, 5.0),
        ("web", "Closed Won", 0, 0, 20.0),
        ("Web", "Prospecting", 0, 0, 10.0),
        ("Web", None, 0, 1, 30.0),
        (None, None, 1, 1, 35.0),
    ]


def test_a_cube_has_subtotals_over_every_combination(sales: SmallOrg) -> None:
    found = rows(
        sales, "SELECT StageName, LeadSource, SUM(Amount) FROM Opportunity GROUP BY CUBE(LeadSource, StageName)"
    )
    assert len(found) == 3 + 2 + 2 + 1
    assert {(stage, total) for stage, source, total in found if source is None} == {
        ("Prospecting", 15.0),
        ("Closed Won", 20.0),
        (None, 35.0),
    }


def test_a_limit_holds_for_all_levels_together(sales: SmallOrg) -> None:
    text = "SELECT LeadSource, COUNT(Id) n FROM Opportunity WHERE Amount > 5 GROUP BY ROLLUP(LeadSource)"
    assert len(rows(sales, text)) == 2
    assert rows(sales, f"{text} ORDER BY COUNT(Id) DESC LIMIT 1")[0][1] == 2
