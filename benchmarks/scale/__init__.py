"""`python -m benchmarks scale`: one org and many, one machine and several. `scale drain day` makes only these parts."""
