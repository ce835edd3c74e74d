"""Deploy with the vendor's SDK or its CLI: what is described, what stands there, the steps."""
