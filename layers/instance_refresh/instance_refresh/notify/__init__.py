"""Telling people: the channels that the settings name, and what is sent to each."""
