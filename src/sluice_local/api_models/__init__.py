"""The limits of AWS's own service models."""
