"""What a job needs beside its turn: room to run in, and leave to start."""
