"""The pass: look at the cloud, decide, apply."""
