"""Runs tap-salesforce with a session that it is given, in place of its login at a host that it has built in."""

import os
import sys

import tap_salesforce
from tap_salesforce.salesforce import Salesforce


def login(self: Salesforce) -> None:
    self.instance_url, self.access_token = os.environ["INSTANCE_URL"], os.environ["ACCESS_TOKEN"]


Salesforce.login = login
sys.exit(tap_salesforce.main())
