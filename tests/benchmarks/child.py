"""Run in a fresh process: call the function on the path with the event of standard input.

Prints the answer, then the peak of the process's memory in KB (Linux: VmHWM).
"""

import importlib
import json
import sys

index = importlib.import_module("index")

event = json.loads(sys.stdin.read())
context = {
    "request_id": "r-0",
    "function_name": "bench",
    "time_limit_in_ms": 30000,
    "tencentcloud_region": "ap-guangzhou",
}
answer = index.main_handler(event, context)
sys.stdout.write(f"answer {json.dumps(answer)}\n")
sys.stdout.flush()
with open("/proc/self/status") as status:  # noqa: PTH123 — pathlib would cost what is measured
    sys.stdout.write(next(line for line in status if line.startswith("VmHWM")).split()[1])
