"""A program that imports torch and adds two small tensors: prints when it began, had imported, and had the sum (ms, wall clock)."""
import time

main = time.time()
import torch  # noqa: E402

imported = time.time()
total = torch.tensor([1.0, 2.0]).add(torch.tensor([3.0, 4.0])).tolist()
done = time.time()

import json  # noqa: E402

print(json.dumps({"main": 1000 * main, "imported": 1000 * imported, "done": 1000 * done, "sum": total, "version": torch.__version__}))
