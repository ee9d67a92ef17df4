"""Makes users, a group and tokens by the hub's API. Usage: jupyterhub_use.py PREFIX USERS; prints how many users there are."""
import json
import os
import sys
import urllib.request

prefix, count = sys.argv[1], int(sys.argv[2])


def call(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": "token a-token-of-the-tests"}
    url = f"http://127.0.0.1:{os.environ['APP_PORT']}/hub/api{path}"
    answer = urllib.request.urlopen(urllib.request.Request(url, data, headers, method=method), timeout=120).read()
    return json.loads(answer) if answer else None


names = [f"{prefix}{place}" for place in range(count)]
call("POST", "/users", {"usernames": names})
call("POST", f"/groups/{prefix}")
call("POST", f"/groups/{prefix}/users", {"users": names})
call("PUT", f"/groups/{prefix}/properties", {"ü": "☃", "list": [1, 2.5, None]})
for place, name in enumerate(names):
    call("POST", f"/users/{name}/tokens", {"note": f"{name}'s \\ ☃", "expires_in": 3600})
    call("POST", f"/users/{name}/activity", {"last_activity": f"2026-01-02T03:04:05.{place:06}Z"})
    print("written", flush=True)
call("DELETE", f"/users/{names[0]}")
print(len(call("GET", "/users?limit=1000")))
