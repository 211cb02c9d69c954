"""The studio over HTTP: the form at each save, every mistake at its line, and nobody else gets in."""

import shutil

import pytest
import requests

from tests.conftest import ROOT
from tests.studio.conftest import started


def look(studio, deal="sample:usual", **more):
    return studio.get("/form", deal=deal, **more).json()


def state(studio):
    return studio.get("/state").json()


def test_it_shows_the_files_the_forms_and_the_samples(studio):
    said = state(studio)
    assert [f["name"] for f in said["files"]][:2] == ["config/sfsync.yaml", "templates/order_form.xml"]
    assert said["forms"] == ["Standard"]
    assert (said["mistakes"], said["org"]) == ([], True)


def test_a_sample_and_a_deal_of_the_org_are_made_and_shown_as_pictures_and_as_a_pdf(studio, org):
    state(studio)
    deal = org.org.get_all("Opportunity", Name="Burlington Textiles Weaving Plant Generator")[0]["Id"]
    for wanted in ("sample:usual", deal):
        made = look(studio, wanted)
        assert made["pages"] >= 1
        assert studio.get("/form/1.png", number=made["number"]).content.startswith(b"\x89PNG")
        assert studio.get("/form.pdf").content.startswith(b"%PDF")
        assert any(f["path"] == "Account.Name" for f in made["explained"]["fields"])


def test_a_page_of_an_older_form_is_never_shown_with_a_newer_one(studio):
    state(studio)
    old, new = look(studio)["number"], look(studio)["number"]
    assert studio.get("/form/1.png", number=old).status_code == 404
    assert studio.get("/form/1.png", number=new).status_code == 200
    assert studio.get("/form/99.png", number=new).status_code == 404


def test_a_save_ends_the_waiting_and_the_next_form_is_another(studio):
    before = state(studio)
    old = look(studio), studio.get("/form.pdf").content
    studio.change('<h>{{ _("Terms") }}</h>', "<h>Small print</h>")
    assert studio.get("/state", since=before["stamp"]).json()["stamp"] != before["stamp"]
    assert look(studio)["pages"]
    assert studio.get("/form.pdf").content != old[1]


def test_each_mistake_is_told_at_its_line_and_the_form_waits(studio):
    line = studio.template.read_text("utf-8")[: studio.template.read_text("utf-8").index("<rule/>")].count("\n") + 1
    studio.change("<rule/>", "<ruel/>")
    [mistake] = state(studio)["mistakes"]
    assert (mistake["file"], mistake["line"]) == ("templates/order_form.xml", line)
    assert mistake["what"] == "There is no tag <ruel>. Did you mean rule?"
    assert "before the mistakes on the left are mended" in look(studio)["error"]


def test_a_field_that_the_org_does_not_have_is_named_when_the_form_is_made(studio):
    studio.change("account.BillingCountry", "account.BillingCuontry")
    state(studio)
    assert "Did you mean BillingCountry?" in look(studio, deal="006000000000001AAA")["error"]


def test_deals_are_found_by_a_part_of_their_name_whatever_stands_in_it(studio):
    found = studio.get("/deals", q="weaving").json()
    assert [deal["name"] for deal in found] == ["Burlington Textiles Weaving Plant Generator"]
    assert found[0]["account"] == "Burlington Textiles Corp of America"
    for odd in ("%", "_", "' OR Name != '", "\\", 'x"y'):
        assert studio.get("/deals", q=odd).json() == []
    assert len(studio.get("/deals", q="").json()) > 5


def test_fields_are_found_by_label_and_by_api_name(studio):
    state(studio)
    by_label = [f["path"] for f in studio.get("/fields", q="billing city").json()]
    by_name = [f["path"] for f in studio.get("/fields", q="line.product2.productcode").json()]
    assert "Opportunity.Account.BillingCity" in by_label
    assert by_name == ["line.Product2.ProductCode"]


def test_nothing_is_written_to_the_org(studio, org):
    before = [org.org.get_all(name) for name in ("Opportunity", "ContentVersion", "Order_Form__c")]
    state(studio)
    look(studio, org.org.get_all("Opportunity")[0]["Id"])
    assert [org.org.get_all(name) for name in ("Opportunity", "ContentVersion", "Order_Form__c")] == before


@pytest.mark.parametrize("path", ["/state", "/form", "/deals", "/fields", "/form.pdf", "/form/1.png"])
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"X-Studio-Key": "guessed"}, 403),
        ({"Host": "evil.example"}, 421),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
def test_other_pages_in_the_same_browser_get_nothing(studio, path, headers, status):
    assert studio.get(path, headers=headers).status_code == status


def test_the_page_itself_holds_no_secret_and_runs_only_what_is_its_own(studio):
    answer = requests.get(studio.url, timeout=10)
    assert studio.key not in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    for name in ("../room.py", "..%2Froom.py", "nothing.js", "studio.py"):
        assert requests.get(f"{studio.url}/page/{name}", timeout=10).status_code == 404


def test_without_an_org_it_shows_samples_and_the_fields_that_the_forms_read(tmp_path):
    for name in ("config", "templates"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for studio in started(tmp_path, {}):
        assert state(studio)["org"] is False
        assert look(studio, "sample:long")["pages"] > 3
        assert studio.get("/deals", q="x").json() == []
        assert {"Opportunity.Account.BillingCity", "line.Quantity"} <= {f["path"] for f in studio.get("/fields").json()}
