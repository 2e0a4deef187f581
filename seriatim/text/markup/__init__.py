"""Markup becomes what a reader says of it: the words of a text stay, and marks become pauses or nothing."""

from seriatim.text.markup.markup_format import Markup
from seriatim.text.markup.markup_reader import MarkupReader, has_markup

__all__ = ["Markup", "MarkupReader", "has_markup"]
