"""The report of a cohort: what is gathered, what is computed of it, and the page that shows it."""
