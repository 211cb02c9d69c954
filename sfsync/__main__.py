"""`python -m sfsync` is `sfsync`."""

from sfsync.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
