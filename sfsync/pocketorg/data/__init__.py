"""Rows and what happens to them: permissions, rules, roll-ups, transactions. Knows nothing of HTTP."""
