"""Chats' robots and an endpoint for events on loopback, that check what is sent as theirs do."""
