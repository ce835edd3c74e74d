"""Deploy with the vendor's CLI: the commands, and the variables that they need."""
