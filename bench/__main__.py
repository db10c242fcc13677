"""`make bench`: for now the quick one."""

from bench.quick import main

main()
