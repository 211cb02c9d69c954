"""sfsync: the order form lies among the Opportunity's Files, and the rep did nothing."""

__version__ = "0.1.0"
