"""The text of elements that say more than their letters: raised numbers, formulas, and the marks of pages."""
