"""One org for all tests of a file that only look at it."""

import pytest

from tests.cluster.orgs import STAGE, one_org, pocket_org


@pytest.fixture(scope="module")
def org_and_deals():
    org, deals = pocket_org(12, STAGE)
    with org:
        yield org, deals


@pytest.fixture
def deals(org_and_deals):
    return org_and_deals[1]


@pytest.fixture
def org(org_and_deals):
    yield org_and_deals[0]
    org_and_deals[0].faults.clear()


@pytest.fixture
def one(org, tmp_path):
    return one_org(org, tmp_path)


class Seconds:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Seconds()
