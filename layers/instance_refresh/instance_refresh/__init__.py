"""Roll a machine image across Tencent Cloud scaling groups, once, safely and with the reason."""
