"""Simulation of the scaler of deploy/kubernetes over a day, in virtual time."""
