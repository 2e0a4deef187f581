"""The key of a function that cuts a connection at once; the server's protocols put it into the scope's state.

An ordinary close can hang while the client does not read.
"""

CUT = "cut"  #: in the scope's state: a function that cuts the connection
