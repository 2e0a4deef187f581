"""Speed of Seriatim beside its engines: what a sentence and an idle job cost, in several runs (`make bench-speed`)."""
