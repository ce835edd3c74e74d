"""An SCF runtime on loopback: functions in processes of their own, and what triggers them."""
