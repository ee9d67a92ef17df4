"""Runs flows of tasks, with artifacts and variables. Usage: prefect_use.py PREFIX RUNS; prints how many runs there are."""
import os
import sys

os.environ["PREFECT_API_URL"] = f"http://127.0.0.1:{os.environ['APP_PORT']}/api"

import httpx
from prefect import flow, task
from prefect.artifacts import create_table_artifact
from prefect.variables import Variable

prefix, count = sys.argv[1], int(sys.argv[2])


@task(tags=["ünï"])
def half(number):
    return number / 2


@flow(name=f"flow {prefix}")
def run(number: int, note: str = "☃'\\"):
    create_table_artifact({"a": [1, 2.5], "b": ["x", None]}, key=f"{prefix}-table")
    return [half(place) for place in range(number % 3)]


for number in range(count):
    run(number)
    Variable.set(f"{prefix}_{number}", {"number": number}, overwrite=True)
    print("written", flush=True)
client = httpx.Client(base_url=os.environ["PREFECT_API_URL"], timeout=120)
# All of it is read back by the server's own model: a date in another form is an error there.
for what in ("flow_runs", "task_runs", "artifacts", "variables", "logs"):
    client.post(f"/{what}/filter", json={}).raise_for_status()
print(client.post("/flow_runs/count", json={}).json())
