"""SCF's API (2018-04-16): layers, functions and triggers, which then run in `local.scf`."""
