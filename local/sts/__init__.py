"""STS, API version 2018-08-13: whose credentials they are."""
