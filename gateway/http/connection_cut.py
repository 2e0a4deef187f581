"""A connection is cut at once by what the server's protocols put into the scope's state: closing politely can hang."""

CUT = "cut"  #: in the scope's state: a function that cuts the connection
