"""A game's back end of somebody else: Python's standard library, and the description.

Reads what it is to use as JSON from standard input, asks for everything that openapi.json
describes and for what the page says is refused, and holds each answer to the schema of it.
"""

import http.client
import json
import sys
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

from jsonschema import Draft202012Validator

given = json.load(sys.stdin)
host = given["address"]
seen = set()
description = None


def send(method, path, key=None, body=None, headers=()):
    """One request on a connection of its own: status, head, body."""
    connection = http.client.HTTPConnection(host, timeout=20)
    fields = dict(headers)
    if key is not None:
        fields["Authorization"] = "Bearer " + key
    if body is not None and not isinstance(body, (str, bytes)):
        body = json.dumps(body)
    connection.request(method, path, body=body, headers=fields)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, answer.headers, text


def is_fine(schema, value):
    """Holds a value to a schema, whose references are into the description."""
    whole = dict(schema, components=description["components"])
    Draft202012Validator.check_schema(whole)
    Draft202012Validator(whole).validate(value)


def operation(method, template):
    return description["paths"][template][method.lower()]


def told(method, template, status, headers, text):
    """What was answered, if it is as it is described."""
    responses = operation(method, template)["responses"]
    response = responses.get(str(status), responses.get("default"))
    if "$ref" in response:
        for part in response["$ref"].split("/")[1:]:
            response = description if part == "#" else response.get(part, None) or description[part]
    kind = headers["Content-Type"].split(";")[0]
    content = response["content"]
    assert kind in content, f"{method} {template}: {kind}"
    value = json.loads(text)
    is_fine(content[kind]["schema"], value)
    return value


def refusal_schema():
    return description["components"]["responses"]["Refused"]["content"]["application/json"]


def does(method, template, status, key=None, body=None, query="", **names):
    """Asks for something that is done."""
    path = template.format(**{name: quoted(value) for name, value in names.items()})
    asked = operation(method, template).get("requestBody")
    if body is not None:
        is_fine(asked["content"]["application/json"]["schema"], body)
    got, headers, text = send(method, path + query, key, body)
    assert got == status, f"{method} {path}: {got} {text!r}"
    assert str(status) in operation(method, template)["responses"], f"{method} {path}: {status}"
    seen.add((method.lower(), template))
    return told(method, template, got, headers, text)


def quoted(name):
    return urllib.parse.quote(name, safe="")


def refused(status, code, method, path, key=None, body=None, headers=()):
    """Asks for something that is refused, with this status and code."""
    got, head, text = send(method, path, key, body, headers)
    assert got == status, f"{method} {path}: {got} {text!r}, not {status}"
    value = json.loads(text)
    is_fine(refusal_schema()["schema"], value)
    assert value["code"] == code, f"{method} {path}: {value}, not {code}"
    assert value["reason"], value
    print(status, code)
    if status == 401:
        assert head["WWW-Authenticate"].startswith("Bearer"), head.as_string()
    if status == 429:
        assert int(head["Retry-After"]) >= 1, head.as_string()
    return value


status, headers, text = send("GET", "/openapi.json")
assert (status, headers["Content-Type"]) == (200, "application/json")
description = json.loads(text)
seen.add(("get", "/openapi.json"))
# Each example is what its schema says.
for path in description["paths"].values():
    for method, one in path.items():
        if method == "parameters":
            continue
        bodies = [one.get("requestBody")] + list(one["responses"].values())
        for body in bodies:
            for content in (body or {}).get("content", {}).values():
                if "example" in content:
                    is_fine(content["schema"], content["example"])
is_fine(refusal_schema()["schema"], refusal_schema()["example"])

key, narrow = given["key"], given["narrow_key"]

# Who is online.
page = does("GET", "/v1/players", 200, key, query="?online&limit=1")
assert [player["username"] for player in page["players"]] == ["Ada"], page
page = does("GET", "/v1/players", 200, key, query="?after=" + quoted(page["after"]))
assert [player["username"] for player in page["players"]] == ["Ben"], page
assert page["after"] is None, page
ada = does("GET", "/v1/players/{name}", 200, key, name="ada")
assert ada["username"] == "Ada" and ada["channels"] == ["lobby"], ada

# Lines, channels, profiles, tickets.
line = does("POST", "/v1/channels/{channel}/lines", 201, key, {"text": "Round 3 begins"}, channel="lobby")
assert line["seq"] == 1, line
match = does("POST", "/v1/channels", 201, key, {"members": ["Ada"], "max_members": 8, "lasts_s": 3600})
assert match["max_members"] == 8, match
does("POST", "/v1/channels", 201, key)
does("DELETE", "/v1/channels/{channel}", 200, key, channel=match["channel"])
changed = does("PATCH", "/v1/players/{name}/profile", 200, key, {"level": 7}, name="Ada")
assert changed["profile"] == {"level": 7}, changed
keys = does("GET", "/keys", 200)
assert keys["keys"][0]["crv"] == "Ed25519", keys
shown = {"ticket": given["ticket"], "audience": "arena:eu-1"}
whose = does("POST", "/v1/tickets/redeem", 200, key, shown)
assert whose["username"] == "Ada" and whose["account_id"] == ada["account_id"], whose

# What is refused, as the page says.
refused(400, "malformed", "GET", "/v1/players?limit=0", key)
refused(400, "malformed", "POST", "/v1/channels/lobby/lines", key, "not JSON")
refused(400, "malformed", "POST", "/v1/channels/lobby/lines", key, {"words": "x"})
refused(401, "bad_key", "GET", "/v1/players")
refused(401, "bad_key", "GET", "/v1/players", "lhk_nobodys")
refused(401, "bad_key", "GET", "/v1/players", headers={"Authorization": "Basic " + key})
for method, template in sorted(
    (method.upper(), template)
    for template, path in description["paths"].items()
    for method, one in path.items()
    if method != "parameters" and one.get("security") != []
):
    path = template.format(channel="lobby", name="Ada")
    refused(401, "bad_key", method, path)
    if "scope say" not in operation(method, template)["summary"]:
        refused(403, "missing_scope", method, path, narrow, "{}")
refused(404, "unknown_user", "GET", "/v1/players/nobody", key)
refused(404, "unknown_channel", "POST", "/v1/channels/nowhere/lines", key, {"text": "x"})
refused(404, "unknown_channel", "DELETE", "/v1/channels/lobby", key)
refused(404, "not_found", "GET", "/v2/players", key)
refused(405, "method_not_allowed", "PUT", "/v1/players", key)
taken = {"channel": "the-final"}
does("POST", "/v1/channels", 201, key, taken)
refused(409, "channel_taken", "POST", "/v1/channels", key, taken)
refused(413, "packet_too_large", "POST", "/v1/channels/lobby/lines", key, {"text": "x" * 70_000})
refused(422, "too_long", "POST", "/v1/channels/lobby/lines", key, {"text": "x" * 501})
refused(422, "forbidden_character", "POST", "/v1/channels/lobby/lines", key, {"text": "a\u0007b"})
refused(422, "kept_by_game", "PATCH", "/v1/players/Ada/profile", key, {"colour": "teal"})
refused(422, "used", "POST", "/v1/tickets/redeem", key, shown)
for_another = {"ticket": given["other_ticket"], "audience": "arena:us-1"}
refused(422, "wrong_audience", "POST", "/v1/tickets/redeem", key, for_another)
head, claims, signature = given["other_ticket"].split(".")
forged = ".".join([head, claims, ("B" if signature[0] == "A" else "A") + signature[1:]])
refused(422, "forged", "POST", "/v1/tickets/redeem", key, {"ticket": forged, "audience": "arena:eu-1"})
nonsense = {"ticket": "a.b.c", "audience": "arena:eu-1"}
refused(422, "malformed_ticket", "POST", "/v1/tickets/redeem", key, nonsense)

# Out with somebody, at last.
kicked = does("POST", "/v1/players/{name}/kick", 200, key, {"reason": "left the match"}, name="ada")
assert kicked == {"username": "Ada"}, kicked

# Too many: keys that are guessed, and requests of one key. The one does not keep off the other.
for guess in range(12):
    status, headers, _ = send("GET", "/v1/players", f"lhk_guess{guess}")
assert status == 429 and int(headers["Retry-After"]) >= 1, status
assert does("GET", "/v1/players/{name}", 200, key, name="Ben")["online"]
with ThreadPoolExecutor(16) as at_once:
    many = list(at_once.map(lambda _: send("GET", "/v1/players", key), range(400)))
late = [one for one in many if one[0] == 429]
assert late, "400 requests at once are all answered"
assert {one[0] for one in many} == {200, 429}, {one[0] for one in many}
assert all(int(one[1]["Retry-After"]) >= 1 for one in late)

everything = {
    (method, template)
    for template, path in description["paths"].items()
    for method in path
    if method != "parameters"
}
assert seen == everything, f"never asked for: {everything - seen}"
print("all is as it is described")
