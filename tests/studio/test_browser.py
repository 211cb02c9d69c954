"""The studio in a real browser: by mouse, by keyboard, and as it looks on a save."""

import pytest

from tests.browser import DESKTOP, PHONE, Tab, close_others

pytestmark = pytest.mark.browser
DOWN, ENTER, ESCAPE, RIGHT = "\ue015", "\ue007", "\ue00c", "\ue014"


@pytest.fixture
def desk(chrome, studio):
    desk = Tab(chrome, studio.url)
    desk.requested(), desk.complaints()
    desk.resize(DESKTOP)
    chrome.get("about:blank")
    chrome.get(f"{studio.url}/#{studio.key}")
    settled(desk)
    yield desk
    complaints, requested = desk.complaints(), desk.requested()
    close_others(chrome)
    chrome.get("about:blank")
    assert complaints == []
    assert [url for url in requested if not url.startswith((f"{studio.url}/", "blob:", "about:", "chrome"))] == []


def settled(desk):
    """Wait until a form is shown, and whole."""
    desk.wait(lambda: desk.script(
        "const all = [...document.querySelectorAll('#pages img')];"
        "return all.length && all.every((i) => i.complete && i.naturalWidth) && !document.querySelector('#pages.old')"
    ))  # fmt: skip


def first_page(desk):
    return desk.script("return document.querySelector('#pages img')?.src")


def test_the_form_stands_beside_its_template_and_follows_each_save(desk, studio):
    before = first_page(desk)
    assert "Standard: " in desk.text("#status")
    desk.reads('#tabs [aria-selected="true"]', "templates/order_form.xml")
    studio.change('<h>{{ _("Terms") }}</h>', "<h>Small print</h>")
    desk.wait(lambda: first_page(desk) not in (None, before))
    desk.reads(".line", "Small print")
    settled(desk)


def test_a_mistake_is_marked_at_its_line_and_the_last_form_stays_in_sight(desk, studio):
    studio.change("<rule/>", "<ruel/>")
    desk.reads("#mistakes", "There is no tag <ruel>. Did you mean rule?")
    desk.reads(".line.wrong", "<ruel/>")
    desk.reads("#pages .bad", "before the mistakes on the left are mended")
    assert desk.all("#pages.old img")
    desk.reads("#status", "1 to mend")
    studio.change("<ruel/>", "<rule/>")
    settled(desk)
    assert not desk.all(".line.wrong")


def test_a_deal_of_the_org_is_picked_by_keyboard_alone(desk):
    desk.tab_to("#deal")
    desk.reads("#deals", "Moved last in the org")
    desk.press("Dickenson")
    desk.reads("#deals", "Found in the org")
    desk.wait(lambda: len(desk.all("#deals [role=option]")) == 1)
    desk.press(DOWN, ENTER)
    desk.reads("#pages .warn", "Add at least one product.")
    assert desk.script("return document.getElementById('deal').value") == "Dickenson Mobile Generators"


def test_escape_leaves_the_picker_as_it_was(desk):
    desk.tab_to("#deal")
    desk.press("nothing of that name")
    desk.reads("#deals", "No deal of that name")
    desk.press(ESCAPE)
    assert desk.script("return document.getElementById('deal').value") == "Sample: usual"


def test_slash_searches_fields_and_a_click_copies_one(desk):
    desk.script("window.copied = []; navigator.clipboard.writeText = async (text) => window.copied.push(text)")
    desk.script("document.getElementById('text').focus()")
    desk.press("/")
    desk.press("billing city")
    desk.wait(lambda: len(desk.all("#fields button")) == 1)
    desk.click("#fields button")
    desk.wait(lambda: desk.script("return window.copied") == ["{{ Opportunity.Account.BillingCity }}"])
    desk.reads("#toast", "Copied {{ Opportunity.Account.BillingCity }}")


def test_why_it_is_so_names_fields_and_leads_to_their_lines(desk):
    desk.tab_to("#show-fields")
    desk.press(RIGHT)
    desk.reads("#why", "Which form")
    desk.reads("#why", "line.ServiceDate")
    desk.click("#why a")
    desk.wait(lambda: desk.all(".line.shown"))


def test_tabs_are_walked_with_the_arrow_keys(desk):
    desk.tab_to('#tabs [aria-selected="true"]')
    desk.press(RIGHT)
    desk.reads('#tabs [aria-selected="true"]', "templates/quote.xml")
    assert desk.script("return document.activeElement.textContent") == "templates/quote.xml"


def test_every_control_has_a_name_and_nothing_runs_out_of_a_phone(desk):
    nameless = desk.script(
        "return [...document.querySelectorAll('button, input, select, a, img')].filter((e) => e.checkVisibility()"
        " && !e.textContent.trim() && !e.getAttribute('aria-label') && !e.labels?.length && !e.alt)"
        ".map((e) => e.outerHTML)"
    )
    assert nameless == []
    desk.resize(PHONE)
    assert desk.script("return document.documentElement.scrollWidth") <= PHONE[0]


def test_without_the_key_it_says_where_to_find_it(chrome, studio):
    tab = Tab(chrome, studio.url)
    chrome.get("about:blank")
    chrome.get(studio.url)
    tab.reads("#status", "Open the address that sfsync studio has printed")
