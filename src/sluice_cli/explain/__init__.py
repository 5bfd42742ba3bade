"""Why a sample failed."""
