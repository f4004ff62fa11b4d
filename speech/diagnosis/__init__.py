"""What the speech tier finds on this machine, and each problem with its cure."""
