"""Formulas: Salesforce's spreadsheet language, as one SQLite expression over a row."""


def compile(text, sobject, schema):
    raise NotImplementedError
