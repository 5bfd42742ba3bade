"""How executions run: branches that stop together, histories, Map and Parallel, nested and redriven ones."""
