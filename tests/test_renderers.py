"""Render processes may die; the forms come all the same."""

import os
import signal

import pytest

from sfsync.records import Pdf
from sfsync.renderers import Renderers
from tests.forms.sample import lines, opportunity, order_form, shipped

FORMS = [order_form(opportunity(lines(2)), version=number) for number in (1, 2, 3)]


@pytest.fixture
def renderers():
    with Renderers({"Standard": shipped()}, processes=2) as running:
        yield running


def kill_all(renderers: Renderers) -> None:
    for process in list(renderers._pool._processes.values()):
        os.kill(process.pid, signal.SIGKILL)
        process.join()


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
