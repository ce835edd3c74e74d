"""`python -m instance_refresh_command` is the command `instance-refresh`."""

from .main import main

if __name__ == "__main__":
    main()
