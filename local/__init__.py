"""A stand-in for Tencent Cloud on loopback, that the real SDKs, CLI and functions talk to."""
