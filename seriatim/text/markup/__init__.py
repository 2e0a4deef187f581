"""Markup becomes what a reader says of it: the words of a text stay, and marks become pauses or nothing."""

from seriatim.text.markup.markup_format import DEFAULT_CHOICES, CodeMode, EmojiMode, Markup, MarkupChoices
from seriatim.text.markup.markup_reader import MarkupReader, has_markup

__all__ = ["DEFAULT_CHOICES", "CodeMode", "EmojiMode", "Markup", "MarkupChoices", "MarkupReader", "has_markup"]
