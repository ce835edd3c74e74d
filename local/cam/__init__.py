"""A stand-in for CAM (2019-01-16): roles, policies, and what a role's session may do."""
