"""COS: objects are put and read, and subscribers are told of new ones."""
