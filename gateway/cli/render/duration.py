"""Durations, formatted for people."""


def clock_face(seconds: float) -> str:
    """`0:07`, `2:05` or `10:02:05`, rounded to whole seconds; negative values are `0:00`."""
    whole = max(0, round(seconds))
    hours, minutes, left = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"
