"""Quality checks: how long, how loud, how repetitive what XTTS says may be."""
