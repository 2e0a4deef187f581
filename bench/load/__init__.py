"""The load bench (`make bench-load`): listeners who hear at the speed of speech, and what they had to put up with.

plan, arrivals, scenarios   who asks for what, and when: pure, the same for the same seed
player, figures, erlang     what a listener hears, and the measures made of it: pure
clients, listening, job_submitter  the process in which all listeners live
load_system, usage          the server, the reassembler and the workers, and what each process takes
picks, cancels              two figures that need no listeners
table, targets, charts      what is printed and drawn
"""
