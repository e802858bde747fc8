"""``python -m shim``."""

from shim.cli.entry import main

main()
