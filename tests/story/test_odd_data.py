"""Hostile and odd data gets a right form or a message on the record; never a wrong form, never a dead worker."""

import io

from pypdf import PdfReader


def text_of(world, deal: str) -> str:
    pages = PdfReader(io.BytesIO(world.rep.download(world.files(deal)[0][1]))).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def add_lines(world, deal: str, count: int) -> None:
    line = {"attributes": {"type": "OpportunityLineItem"}, "OpportunityId": deal, "PricebookEntryId": world.entry}
    for start in range(0, count, 200):
        records = [{**line, "Quantity": n + 1, "UnitPrice": 10} for n in range(start, min(start + 200, count))]
        world.rep.call("POST", "composite/sobjects", json={"allOrNone": True, "records": records})


def test_a_name_full_of_markup_is_printed_as_it_is(world):
    deal = world.deal(account=world.account(Name='AT&T <Corp> "R&D" {{ 7*7 }} {% raw %}'))
    world.move(deal)
    assert world.run().made == 1
    assert 'AT&T <Corp> "R&D" {{ 7*7 }} {% raw %}' in text_of(world, deal)


def test_a_thousand_products_are_all_on_the_form(world):
    deal = world.deal(products=0)
    add_lines(world, deal, 1000)
    world.move(deal)
    assert world.run().made == 1
    printed = text_of(world, deal)
    assert all(f"Loom {quantity:,} " in printed for quantity in (1, 500, 1000))
    assert printed.count("Loom ") == 1000


def test_letters_of_other_alphabets_are_printed(world):
    name = "Ünïcødé Ελλάδα Україна Việt Nam"
    deal = world.deal(account=world.account(Name=name))
    world.move(deal)
    world.run()
    assert name in text_of(world, deal)


def test_an_emoji_is_a_box_on_the_form_and_a_line_in_the_log(world, caplog):
    deal = world.deal(account=world.account(Name="Rocket \N{ROCKET} Inc"))
    world.move(deal)
    assert world.run().made == 1
    assert "no font has" in caplog.text


def test_empty_fields_leave_no_trace_of_none(world):
    deal = world.deal(account=world.account(BillingCity=None))
    world.move(deal)
    world.run()
    assert "None" not in text_of(world, deal)


def test_a_huge_amount_is_printed_to_the_cent(world):
    deal = world.deal(products=0)
    world.product(deal, quantity=999, price=12345678901.23)
    world.move(deal)
    world.run()
    assert "$12,333,333,222,328.77" in text_of(world, deal)


def test_a_credit_makes_no_form_of_less_than_nothing(world):
    deal = world.deal(products=0)
    world.product(deal, quantity=1, price=-5)
    world.move(deal)
    report = world.run()
    assert (report.made, report.waiting) == (0, 1)
    assert "cannot promise less than nothing" in world.message(deal)
