"""CVM, API version 2017-03-12: images and instances."""
