"""The bench of users (`make bench-users`): people who listen over HTTP to a whole system, by locust.

user_plan      what each user does: pure, the same for the same seed
user_figures   jitter, stalls and first sounds of what was recorded: pure
user_system    the system, the process of locust (bench/locustfile.py), and what each process takes
user_table     what is printed
"""
