class_name LonghallGameServer
extends Node
## For the server of a game, a headless Godot beside the Longhall server: it says lines of the
## game's, looks up who is online, and logs players out.
##
## Put the node anywhere into the tree, set [member key], and await its methods:
##
## [codeblock]
## func _ready() -> void:
##     $LonghallGameServer.key = OS.get_environment("LONGHALL_GAME_KEY")
##     var said: LonghallGameAnswer = await $LonghallGameServer.say("lobby", "Round 3 begins")
##     if not said.ok:
##         push_warning(said.reason)
## [/codeblock]
##
## The key comes from the operator: [code]longhall-server game-keys add NAME --scope
## say[/code]. Never put it into a scene, a script or the game that players get: whoever has it
## may do what it may. Calls may overlap; when the node leaves the tree, those under way are never
## answered.

## An answer with more than this is none: 4 MiB.
const _MAX_ANSWER_BYTES: int = 4 * 1024 * 1024
const _WITH_BODY: Array[HTTPClient.Method] = [HTTPClient.METHOD_POST, HTTPClient.METHOD_PATCH]
## Players asked for at a time.
const _PAGE: int = 500

## Where the Longhall server has [code]--game-listen[/code].
@export var url: String = "http://127.0.0.1:9082"
## Seconds that an answer may take.
@export_range(1.0, 120.0, 0.5, "or_greater") var timeout: float = 10.0

## The key. It is no property of the Inspector, so that no scene has it, and is printed nowhere.
var key: String = ""


## Says [param text] in [param channel] as the game, whoever is there: players see it as
## [signal NetworkClient.system_line_received]. Scope [code]say[/code].
func say(channel: String, text: String) -> LonghallGameAnswer:
	var path: String = "/v1/channels/%s/lines" % channel.uri_encode()
	return await _ask(HTTPClient.METHOD_POST, path, {text = text})


## Opens a channel for a match or a party, with these [param members], of which none owns it:
## [member LonghallGameAnswer.result] has its [code]channel[/code], the [code]code[/code] by which
## others join ([method NetworkClient.join_by_code]), [code]max_members[/code] and
## [code]ends_at_ms[/code]. It has a name that the server makes up unless [param channel] is given,
## room for [param max_members] (2 to 500; 100 for 0), and ends after [param lasts_s] seconds (60
## to 86400; four hours for 0), when its last member has left, or by [method end_channel]. Scope
## [code]channels[/code].
func create_channel(
	members: PackedStringArray = [], channel: String = "", max_members: int = 0, lasts_s: int = 0
) -> LonghallGameAnswer:
	var body: Dictionary = {members = members}
	if not channel.is_empty():
		body["channel"] = channel
	if max_members != 0:
		body["max_members"] = max_members
	if lasts_s != 0:
		body["lasts_s"] = lasts_s
	return await _ask(HTTPClient.METHOD_POST, "/v1/channels", body)


## Ends a channel of [method create_channel]: its members leave it, and its lines are gone. Scope
## [code]channels[/code].
func end_channel(channel: String) -> LonghallGameAnswer:
	return await _ask(HTTPClient.METHOD_DELETE, "/v1/channels/" + channel.uri_encode())


## Sets [param values] in the profile of [param username], of keys that are the game's
## ([code]--profile-game-keys[/code] of the server): [code]null[/code] takes one out, and those
## that are not named stay. [member LonghallGameAnswer.result] has the [code]profile[/code] as it
## is then. Scope [code]profiles[/code].
func set_profile(username: String, values: Dictionary) -> LonghallGameAnswer:
	var path: String = "/v1/players/%s/profile" % username.uri_encode()
	return await _ask(HTTPClient.METHOD_PATCH, path, values)


## Who is online, on all servers, in the order of names:
## [code]{account_id, username, online, state, role, guest}[/code] each, in
## [member LonghallGameAnswer.players]. Scope [code]players[/code].
func online_players() -> LonghallGameAnswer:
	var all: Array[Dictionary] = []
	var path: String = "/v1/players?online&limit=%d" % _PAGE
	while true:
		var after: String = ""
		if not all.is_empty():
			after = "&after=" + str(all[-1]["username"]).uri_encode()
		var page: LonghallGameAnswer = await _ask(HTTPClient.METHOD_GET, path + after)
		if not page.ok:
			return page
		var found: Array = page.result.get("players", [])
		for told: Variant in found:
			if told is Dictionary:
				all.append(told)
		if found.is_empty() or page.result.get("after") == null:
			page.players = all
			return page
	return null


## The account [param username], online or not: what [method online_players] says of each, and
## [code]channels[/code], in [member LonghallGameAnswer.result]. Scope [code]players[/code].
func player(username: String) -> LonghallGameAnswer:
	return await _ask(HTTPClient.METHOD_GET, "/v1/players/" + username.uri_encode())


## Logs [param username] out everywhere, for the reason that the player reads; they may come
## again. Scope [code]kick[/code].
func kick(username: String, reason: String = "") -> LonghallGameAnswer:
	var path: String = "/v1/players/%s/kick" % username.uri_encode()
	return await _ask(HTTPClient.METHOD_POST, path, {reason = reason})


func _ask(method: HTTPClient.Method, path: String, body: Dictionary = {}) -> LonghallGameAnswer:
	var asking := HTTPRequest.new()
	asking.timeout = timeout
	# Where another address leads nobody has chosen, and the key goes along.
	asking.max_redirects = 0
	asking.body_size_limit = _MAX_ANSWER_BYTES
	add_child(asking, false, Node.INTERNAL_MODE_BACK)
	var headers: PackedStringArray = [
		"Authorization: Bearer " + key, "Content-Type: application/json"
	]
	var text: String = JSON.stringify(body) if method in _WITH_BODY else ""
	var error: Error = asking.request(url.trim_suffix("/") + path, headers, method, text)
	if error != OK:
		asking.queue_free()
		return _unreachable("cannot ask the server: " + error_string(error))
	var completed: Array = await asking.request_completed
	asking.queue_free()
	var outcome: int = completed[0]
	if outcome != HTTPRequest.RESULT_SUCCESS:
		return _unreachable("the server did not answer (HTTPRequest.Result %d)" % outcome)
	var status: int = completed[1]
	var answered: PackedStringArray = completed[2]
	var bytes: PackedByteArray = completed[3]
	return _answer(status, answered, bytes)


func _unreachable(reason: String) -> LonghallGameAnswer:
	var answer := LonghallGameAnswer.new()
	answer.code = "unreachable"
	answer.reason = reason
	return answer


func _answer(status: int, headers: PackedStringArray, bytes: PackedByteArray) -> LonghallGameAnswer:
	var answer := LonghallGameAnswer.new()
	answer.status = status
	answer.ok = status >= 200 and status < 300
	var json := JSON.new()
	if json.parse(bytes.get_string_from_utf8()) == OK and json.data is Dictionary:
		answer.result = _with_whole_numbers(json.data)
	else:
		answer.ok = false
	for header: String in headers:
		if header.to_lower().begins_with("retry-after:"):
			answer.retry_after = header.get_slice(":", 1).to_int()
	if not answer.ok:
		answer.code = str(answer.result.get("code", "unreachable"))
		answer.reason = str(answer.result.get("reason", "no Longhall server is there"))
	return answer


# JSON of Godot has all numbers with a point.
static func _with_whole_numbers(value: Variant) -> Variant:
	match typeof(value):
		TYPE_DICTIONARY:
			var pairs: Dictionary = value
			for field: Variant in pairs:
				pairs[field] = _with_whole_numbers(pairs[field])
		TYPE_ARRAY:
			var items: Array = value
			for i: int in items.size():
				items[i] = _with_whole_numbers(items[i])
		TYPE_FLOAT:
			var number: float = value
			if number == floorf(number) and absf(number) < 2.0 ** 53:
				return int(number)
	return value
