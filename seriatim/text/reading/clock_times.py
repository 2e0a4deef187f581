"""Clock times, and ratios, which are written alike."""

import re

from seriatim.text.reading.language_rules import Noun
from seriatim.text.reading.number_grammar import NumberGrammar
from seriatim.text.reading.reading_rule import ReadingRule

#: the first hour of `1-3 pm`
_FROM = r"(?:(?P<h0>1[0-2]|0?[1-9])(?::(?P<m0>[0-5]\d))?\s?[-–]\s?)?"
_HALVES = {"a": "AM", "p": "PM"}


def clock_rules(grammar: NumberGrammar) -> list[ReadingRule]:
    """The rules of clock times in one language."""
    rules = [grammar.rule(_time(grammar), lambda found: _clock(grammar, found))]
    if grammar.rules.tag == "en":
        half = r"\s?(?P<half>[ap])(?:\.\s?m(?P<stop>\.)|m)"
        times = (rf"{_FROM}(?P<h>1[0-2]|0?[1-9])[:.](?P<m>[0-5]\d){half}", rf"{_FROM}(?P<h>1[0-2]|0?[1-9]){half}")
        halves = re.compile(r"(?<=[\d\s][ap]m)\s?[-–]\s?(?=\d{1,2}(?::\d\d)?\s?[ap]\.?\s?m)", re.IGNORECASE)
        rules = [*(grammar.rule(time, lambda found: _half(grammar, found), re.IGNORECASE) for time in times), *rules]
        rules.insert(0, ReadingRule(halves, lambda _found: f" {grammar.words['to']} "))
    if mark := grammar.words.get("clock_dot"):  # `9.30 h`, where decimals have a comma
        dotted = rf"(?P<h>[01]?\d|2[0-3])\.(?P<m>[0-5]\d)\s?{mark}(?!\w)"
        rules.insert(0, grammar.rule(dotted, lambda found: grammar.rules.clock(int(found["h"]), int(found["m"]))))
    hours = grammar.rule(
        r"(?P<h>[01]?\d|2[0-3])h(?P<m>[0-5]\d)", lambda found: grammar.rules.clock(int(found["h"]), int(found["m"]))
    )
    if "h" not in grammar.words.get("clock_marks", ""):
        rules.insert(0, hours)  # 20h30, where the French write so
    between = re.compile(
        r"(?<=\d[:.h]\d\d)\s?[-–]\s?(?=\d{1,2}[:.h]\d\d(?!\s?[ap]\.?m))|(?<=\dh)\s?[-–]\s?(?=\d{1,2}h(?![^\W\d]))"
    )
    rules.insert(0, ReadingRule(between, lambda _found: f" {grammar.words['to']} "))
    return [*rules, grammar.rule(rf"(?P<a>\d{{1,3}}):(?P<b>{grammar.integer})", lambda found: _ratio(grammar, found))]


def _time(grammar: NumberGrammar) -> str:
    marks = grammar.words.get("clock_marks", ":")
    suffix = grammar.words.get("clock_suffix", "")
    hour = r"(?P<h>[01]?\d|2[0-4])"
    end = rf"(?P<suffix>\s?(?:{suffix}))?" if suffix else "(?P<suffix>)"
    seconds = r"(?::(?P<s>[0-5]\d)(?:[.,](?P<parts>\d{1,6}))?)?"  # 09:41:07,123 in a log
    return rf"{hour}(?:{marks})(?P<m>[0-5]\d){seconds}{end}(?!\s?min(?!\w))"


def _clock(grammar: NumberGrammar, found: re.Match[str]) -> str | None:
    hour, minute = int(found["h"]), int(found["m"])
    if hour == 24 and minute:
        return None
    time = grammar.rules.clock(hour, minute)
    if found["s"] and (int(found["s"]) or found["parts"]) and "s" in grammar.rules.units:
        whole = found["s"].lstrip("0") or "0"
        seconds = f"{whole}{grammar.rules.decimal_mark}{found['parts']}" if found["parts"] else whole
        link = grammar.words.get("clock_and", f"{grammar.words['and']} ")
        time += f"{grammar.gap or ' '}{link}{grammar.counted(seconds, _second(grammar))}"
    return time


def _second(grammar: NumberGrammar) -> Noun:
    """A second of a time of day, which Chinese calls otherwise than one that lasts."""
    return Noun("-", ("秒",)) if grammar.rules.tag == "zh" else grammar.rules.units["s"]


def _with_half(time: str, found: re.Match[str]) -> str:
    """The time with AM or PM, and the stop of `p.m.` where the sentence ends with it."""
    stop = "." if found["stop"] and found.end() == len(found.string) else ""
    return f"{time} {_HALVES[found['half'].lower()]}{stop}"


def _half(grammar: NumberGrammar, found: re.Match[str]) -> str:
    first = f"{_hour(grammar, found['h0'], found['m0'])} {grammar.words['to']} " if found["h0"] else ""
    return _with_half(first + _hour(grammar, found["h"], found.groupdict().get("m")), found)


def _hour(grammar: NumberGrammar, hour: str, minute: str | None) -> str:
    return grammar.rules.clock(int(hour), int(minute or 0)).removesuffix(" o'clock")


def _ratio(grammar: NumberGrammar, found: re.Match[str]) -> str:
    digits = grammar.split(found["b"])[0]
    second = grammar.say(digits) if digits[0] == "0" < digits else grammar.rules.compared(int(digits))
    return f"{grammar.say(found['a'])} {grammar.words['ratio']} {second}"
