"""The terminal command `instance-refresh`: sees and steers rollouts, straight on the API."""
