"""Bench of texts: the public golden rules, and how many of them Seriatim follows."""

from bench.text.__main__ import table
from bench.text.golden_rules import count_met, golden_rules, seriatim_sentences

#: texts that Seriatim cuts otherwise, by language; docs/explanation/benchmarks.md has the reasons
OTHERWISE = {"ar": 3, "da": 4, "de": 1, "el": 1, "en": 22, "ja": 3, "kk": 1}


def test_seriatim_follows_as_many_golden_rules_as_the_documentation_says() -> None:
    rules = golden_rules()
    met = count_met(rules, seriatim_sentences)
    otherwise = {tag: sum(rule.language == tag for rule in rules) - (count or 0) for tag, count in met.items()}
    assert {tag: count for tag, count in otherwise.items() if count} == OTHERWISE
    assert len(otherwise) == 29


def test_a_table_marks_the_best_of_each_language() -> None:
    rules = [rule for rule in golden_rules() if rule.language in ("fi", "fa")]
    lines = table(rules, {"one": {"fa": 1, "fi": 4}, "two": {"fa": 0, "fi": None}}).splitlines()
    assert lines[2:] == [
        "| Persian (fa) | 1 | **1** | 0 |",
        "| Finnish (fi) | 5 | **4** | – |",
        "| all | 6 | **5** | 0 |",
    ]
