"""Faults that the nemesis has: of processes, connections, servers, disks."""
