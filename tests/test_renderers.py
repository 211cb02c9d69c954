"""Render processes may die, hang or eat memory; the forms come all the same, and the bad one is named."""

import os
import signal
import time
from dataclasses import fields
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from sfsync import renderers as module
from sfsync.errors import SetupError, TryAgainLater
from sfsync.forms.design import Design
from sfsync.forms.template.template import Template
from sfsync.records import Pdf
from sfsync.renderers import Renderers
from tests.forms.sample import lines, opportunity, order_form, shipped

FORMS = [order_form(opportunity(lines(2)), version=number) for number in (1, 2, 3)]
#: templates that a hostile or tired admin may write, by what they do
ODD = {
    "loops.xml": "{% for a in range(9999) %}{% for b in range(9999) %}{% for c in range(9999) %}"
    "{% endfor %}{% endfor %}{% endfor %}",
    "doubles.xml": "{% set n = namespace(s='x' * 1000) %}{% for i in range(40) %}{% set n.s = n.s + n.s %}{% endfor %}"
    "<p>{{ n.s }}</p>",
    "repeats.xml": "<p>{{ 'x' * 2000000000 }}</p>",
    "hangs_in_c.xml": "{% set n = 9 ** (9 ** 9) %}",
    "endless.xml": "{% for i in range(90000) %}<p>Row {{ i }}: {{ 'word ' * 300 }}</p>{% endfor %}",
}


class Misbehaving(Template):
    """A template that gets past all bounds: what its process does is what `name` says."""

    def markup(self, *_given, **_more):
        match self.name:
            case "hangs":
                time.sleep(60)
            case "hangs in C":
                return str(9 ** (9**9))
            case "dies":
                os.kill(os.getpid(), signal.SIGSEGV)
            case "eats memory":
                return "x" * 2**29
            case "raises":
                raise ZeroDivisionError("Canary")
        raise SystemExit(f"{self.name}?")


@pytest.fixture
def renderers():
    with Renderers({"Standard": shipped()}, processes=2) as running:
        yield running


def kill_all(renderers: Renderers) -> None:
    for each in renderers._processes:
        os.kill(each._process.pid, signal.SIGKILL)
        each._process.join()


def odd(folder: Path, name: str) -> Design:
    (folder / name).write_text(f'<form title="Odd">{ODD[name]}</form>')
    return Design(Template.load(folder / name))


def test_the_forms_come_in_the_order_asked_for(renderers):
    assert all(isinstance(pdf, Pdf) for pdf in renderers.render(FORMS))


def test_processes_that_died_between_two_passes_are_replaced(renderers):
    list(renderers.render(FORMS))
    kill_all(renderers)
    assert all(isinstance(pdf, Pdf) for pdf in renderers.render(FORMS))


def test_processes_that_die_amid_the_work_cost_no_form(renderers):
    pdfs = renderers.render(FORMS * 20)
    first = next(pdfs)
    kill_all(renderers)
    assert all(isinstance(pdf, Pdf) for pdf in [first, *pdfs])


@pytest.mark.parametrize("name", ODD)
def test_a_template_without_bounds_fails_alone_and_holds_up_nobody(tmp_path, name):
    designs = {"Standard": shipped(), "Odd": odd(tmp_path, name)}
    bad = order_form(opportunity(lines(1)), template=name, name="Odd")
    with Renderers(designs, processes=2, seconds=1) as renderers:
        list(renderers.render(FORMS))
        began = time.monotonic()
        pdfs = renderers.render([bad, *FORMS * 5])
        first = next(pdfs)
        assert all(isinstance(pdf, Pdf) for pdf in pdfs)
    assert isinstance(first, SetupError)
    assert first.where.startswith(name)
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("hangs", "hangs: Rendering took too long. Look for a loop without end"),
        ("hangs in C", "hangs in C: Rendering took too long."),
        ("dies", "dies: The render process died of this record"),
        ("eats memory", "eats memory: It takes more memory than a form may."),
        ("raises", "raises: It could not be rendered: ZeroDivisionError: Canary."),
        ("leaves", "leaves: The render process died of this record"),
    ],
)
def test_whatever_a_form_does_to_its_process_costs_no_other_form(name, said):
    bad = order_form(opportunity(lines(1)), template=name, name="Bad")
    usual = shipped()
    known = {f.name: getattr(usual.template, f.name) for f in fields(Template) if f.init}
    designs = {"Standard": usual, "Bad": Design(Misbehaving(**{**known, "name": name}))}
    with Renderers(designs, processes=1, seconds=1) as renderers:
        first, *others = renderers.render([bad, *FORMS])
    assert str(first).startswith(said)
    assert "Canary" not in first.in_log
    assert all(isinstance(pdf, Pdf) for pdf in others)


def test_a_process_that_is_killed_each_time_is_said_to_have_died_of_the_record(renderers, monkeypatch):
    [process, other] = renderers._processes
    other.end(for_good=True)
    hear = process._hear

    def dying(seconds: float):
        if process._ready:
            os.kill(process._process.pid, signal.SIGKILL)
        return hear(seconds)

    monkeypatch.setattr(process, "_hear", dying)
    assert "The render process died of this record" in str(process.render(FORMS[0], shipped()))


def test_a_form_that_is_too_large_for_the_org_is_refused_before_it_is_sent(monkeypatch):
    monkeypatch.setattr(module, "LARGEST_PDF", 1000)
    found = module._rendered(FORMS[0], shipped())
    assert isinstance(found, SetupError)
    assert "which Salesforce does not take" in found.what


def test_renderers_that_are_closed_blame_no_record(renderers):
    pdfs = renderers.render(FORMS * 5)
    assert isinstance(next(pdfs), Pdf)
    for each in renderers._processes:
        each.end(for_good=True)
    assert not [p for p in pdfs if isinstance(p, SetupError)]


def test_a_process_that_cannot_start_blames_no_record(renderers, monkeypatch):
    monkeypatch.setattr(module, "_START_SECONDS", 0.0)
    kill_all(renderers)
    assert [type(found) for found in renderers.render(FORMS)] == [TryAgainLater] * 3


def test_new_designs_are_taken_up_by_the_processes_that_run(renderers, tmp_path):
    pids = [p._process.pid for p in renderers._processes]
    old = [pdf.content for pdf in renderers.render(FORMS)]
    (tmp_path / "new.xml").write_text('<form title="New"><p>{{ Opportunity.Name }}</p></form>')
    renderers.redesign({"Standard": Design(Template.load(tmp_path / "new.xml"))})
    new = list(renderers.render(FORMS))
    assert all(isinstance(pdf, Pdf) and pdf.content not in old for pdf in new)
    assert [p._process.pid for p in renderers._processes] == pids


def test_processes_that_are_killed_while_they_start_are_replaced_by_the_first_form(monkeypatch):
    begin = BaseProcess.start
    monkeypatch.setattr(BaseProcess, "start", lambda _: (_ for _ in ()).throw(BrokenPipeError))
    with Renderers({"Standard": shipped()}, processes=2) as renderers:
        monkeypatch.setattr(BaseProcess, "start", begin)
        assert all(isinstance(pdf, Pdf) for pdf in renderers.render(FORMS))


def test_after_the_end_no_form_starts_a_process_again():
    renderers = Renderers({"Standard": shipped()}, processes=1)
    [process] = renderers._processes
    renderers.close()
    before = process._process.pid
    assert isinstance(process.render(FORMS[0], shipped()), TryAgainLater)
    assert process._process.pid == before
    assert not process._process.is_alive()
