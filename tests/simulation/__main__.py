"""`python -m tests.simulation`: seeded rounds of the real services in a simulated AWS."""

from __future__ import annotations

import sys

from tests.simulation.scenarios import SCENARIOS, play

for name in sys.argv[2:] or SCENARIOS:
    print("\n".join(play(name)), flush=True)
