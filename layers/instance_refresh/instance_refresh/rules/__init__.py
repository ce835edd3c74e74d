"""What is decided and what is told, from values alone."""
