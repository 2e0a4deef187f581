"""Attributes and citations that programs write: `{#id .class}` of Pandoc, `{: .class}`, `{% tag %}`, `【12†source】`.

Jira's `{code}` and `{color:red}` are tags as well. What is in braces otherwise, as in JSON, stays.
"""

import re

from seriatim.text.markup.scan_state import ScanState, Step

_WORD = r"(?:[.#][\w:.-]{1,80}|[\w-]{1,40}=(?:\"[^\"\n]{0,200}\"|[^\s{}\"]{1,100})|=[a-z]{2,10})"
_ATTRIBUTES = re.compile(
    rf"\{{(?::?[ \t]*{_WORD}(?:[ \t]+{_WORD}){{0,9}}[ \t]*|%[^%\n{{}}]{{1,300}}%)\}}"
    r"|\{(?:code|noformat|quote|panel|color|html|section|column)(?:[:=][^{}\n]{0,100})?\}"
)
_PERHAPS_ATTRIBUTES = re.compile(r"\{(?:[.#:%=][^{}\n]{0,3000}|[\w-]{0,40}(?:[:=][^{}\n]{0,3000})?)?\Z")
#: [12†source] of one program in other brackets, and its references between characters that no font shows
_CITATION = re.compile(r"【[^【】\n]{0,80}†[^【】\n]{0,120}】|\ue200[^\ue200\ue201\n]{0,400}\ue201")
_PERHAPS_CITATION = re.compile(r"【[^【】\n]{0,201}\Z|\ue200[^\ue200\ue201\n]{0,400}\Z")


def brace_rule(text: str, at: int, state: ScanState) -> Step:
    """What `{` becomes: nothing where it begins attributes or a tag."""
    if found := _ATTRIBUTES.match(text, at):
        return "", found.end()
    return None if _PERHAPS_ATTRIBUTES.match(text, at) else ("{", at + 1)


def citation_rule(text: str, at: int, state: ScanState) -> Step:
    """What a bracket before a citation becomes: nothing."""
    if found := _CITATION.match(text, at):
        return "", found.end()
    return None if _PERHAPS_CITATION.match(text, at) else (text[at], at + 1)
