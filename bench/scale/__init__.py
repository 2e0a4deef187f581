"""The bench of scale (`make bench-scale`): how far one Redis carries, and what each next step gives.

script_times      each script in a filled pool, by the server's slow log: measured
traffic           commands, bytes, memory and processor time of listeners at 1 x: measured
capacity_model    what nodes, pools and workers carry, from what was measured: formulae, pure
fleet_simulation  a thousand workers and a hundred thousand listeners in virtual time: pure
scale_table       what is printed
"""
