"""Text benchmarks: sentences beside other libraries, and reading with a recogniser."""
