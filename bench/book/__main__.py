"""`python -m bench.book`: a book beside its engine alone."""

import sys

from bench.book.speed import main

if __name__ == "__main__":
    sys.exit(main())
