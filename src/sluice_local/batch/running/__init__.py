"""What runs a job's command as a process of this machine."""
