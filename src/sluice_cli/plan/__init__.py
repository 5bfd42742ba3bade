"""How long a cohort takes and what it costs."""
