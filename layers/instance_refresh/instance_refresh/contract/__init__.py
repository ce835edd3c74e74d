"""The JSON Schemas (2020-12) of all that comes in, and what checks against them."""

from .validate import check, parse, schema

__all__ = ["check", "parse", "schema"]
