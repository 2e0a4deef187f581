"""Setting pairs: values of settings that give each name a value, such as `tts-1=espeak,tts-1-hd=xtts`."""

from seriatim.errors import Misconfigured


def setting_pairs(setting: str, text: str, form: str = "alias=name") -> dict[str, str]:
    """Parse `name=value,name=value`; `form` is how an error names one pair.

    Raises:
        Misconfigured: the text has another form.
    """
    pairs = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        name, separator, value = pair.partition("=")
        if not (name.strip() and separator and value.strip()):
            raise Misconfigured(f"SERIATIM_{setting}: {pair!r}; expected {form} pairs, separated by commas")
        pairs[name.strip()] = value.strip()
    return pairs
