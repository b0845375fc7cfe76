"""These tests need a PostgreSQL server (Debian: apt install postgresql) and `alphadsl[cluster,postgres]`, which `make
setup` does not install; `make test-machines` runs them."""

import os

collect_ignore_glob = [] if "ALPHADSL_MACHINES" in os.environ else ["test_*.py"]
