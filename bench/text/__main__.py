"""Sentences: public test cases of 29 languages, cut by Seriatim and by other libraries.

python -m bench.text              make bench-text
python -m bench.text --failures   also print the texts that Seriatim cuts otherwise
"""

import argparse
import sys
from collections import Counter
from collections.abc import Mapping, Sequence

from bench.text.golden_rules import GoldenRule, count_met, golden_rules, rivals, seriatim_sentences
from seriatim.text.languages import english_name


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table."""
    options = _arguments().parse_args(argv)
    rules = golden_rules()
    libraries = {"Seriatim": seriatim_sentences, **rivals()}
    sys.stdout.write(table(rules, {name: count_met(rules, library) for name, library in libraries.items()}))
    if options.failures:
        for rule in rules:
            sentences = seriatim_sentences(rule.language, rule.text)
            if not rule.is_met(sentences):
                sys.stdout.write(f"\n{rule.language}, {rule.source}\n")
                sys.stdout.write(f"  expected {' ‖ '.join(rule.sentences)}\n  found    {' ‖ '.join(sentences)}\n")
    return 0


def table(rules: Sequence[GoldenRule], counts: Mapping[str, Mapping[str, int | None]]) -> str:
    """A row for each language, the best counts in bold, as Markdown."""
    sizes = Counter(rule.language for rule in rules)
    rows = [f"| language | texts | {' | '.join(counts)} |", f"|---|---|{'---|' * len(counts)}"]
    for language, size in sizes.items():
        met = [count[language] for count in counts.values()]
        rows.append(_row(f"{english_name(language)} ({language})", size, met))
    totals = [sum(filter(None, count.values())) for count in counts.values()]
    rows.append(_row("all", sizes.total(), totals))
    return "\n".join(rows) + "\n"


def _row(name: str, size: int, met: Sequence[int | None]) -> str:
    best = max(filter(None, met), default=0)
    cells = ("–" if n is None else f"**{n}**" if n == best else str(n) for n in met)
    return f"| {name} | {size} | {' | '.join(cells)} |"


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.text", description="Cut public texts into sentences.")
    parser.add_argument("--failures", action="store_true", help="print the texts that Seriatim cuts otherwise")
    return parser


if __name__ == "__main__":
    sys.exit(main())
