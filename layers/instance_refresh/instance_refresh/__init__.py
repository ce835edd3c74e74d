"""Roll a machine image across Tencent Cloud scaling groups, once, safely and with the reason."""

import gc

# What is imported and read stays: to search it for garbage every 700 objects takes 2 % of a start.
gc.set_threshold(20_000)
