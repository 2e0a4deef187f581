"""An engine of Seriatim in front of a gRPC server: an example to start from."""
