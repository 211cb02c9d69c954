"""Real workers and a real pocket org, broken on purpose: `make chaos`."""
