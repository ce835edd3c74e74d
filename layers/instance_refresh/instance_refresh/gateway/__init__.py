"""The only code that talks to Tencent Cloud."""
