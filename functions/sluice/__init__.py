"""What the deployed functions share: the pure core, the ports, and their AWS adapters."""
