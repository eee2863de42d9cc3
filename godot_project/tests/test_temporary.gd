extends "res://tests/test_case.gd"
## Channels for a match or a party: made, joined by a code, and over.

const PASSWORD: String = "correct horse"

var _server := LonghallFakeServer.new()
var _told: Array[String] = []


func test_a_party_is_joined_by_its_code_and_ends() -> void:
	var ada := await _player("ada")
	var ben := await _player("ben")
	var made: NetworkRequest = await ada.create_temporary_channel("", 2, 3600).completed
	check(made.ok, "not made: " + made.code)
	var state: Dictionary = made.result
	var channel: String = state["channel"]
	var code: String = state["code"]
	check(channel.begins_with("match-"), "the name is " + channel)
	check_equal(code.length(), 9, "the length of the code")
	check_equal(state["max_members"], 2, "the most members")
	var ends_at_ms: int = state["ends_at_ms"]
	check(ends_at_ms > Time.get_unix_time_from_system() * 1000.0, "it is over")
	check_equal(state["access"], "invite", "who may join")

	var wrong: NetworkRequest = await ben.join_by_code("ZZZZ-ZZZZ").completed
	check_equal(wrong.code, "unknown_code", "the code of the denial")
	var nonsense: NetworkRequest = await ben.join_by_code("hello").completed
	check_equal(nonsense.code, "unknown_code", "the code of the denial")
	var joined: NetworkRequest = await ben.join_by_code(code.to_lower()).completed
	check(joined.ok, "not joined: " + joined.code)
	check_equal(ben.get_channel(channel)["code"], code, "the code that members see")
	var eve := await _player("eve")
	var full: NetworkRequest = await eve.join_by_code(code).completed
	check_equal(full.code, "channel_full", "the code of the denial")
	check_equal(eve.get_channel("lobby")["code"], "", "the code of a channel that stays")

	ben.channel_left.connect(
		func(left: String, reason: String, _by: String) -> void: _told.append(left + " " + reason)
	)
	var denied: NetworkRequest = await ben.end_channel(channel).completed
	check_equal(denied.code, "not_allowed", "the code of the denial")
	var ended: NetworkRequest = await ada.end_channel(channel).completed
	check(ended.ok, "not ended: " + ended.code)
	await wait_until(func() -> bool: return _told.size() == 1, "the end")
	check_equal(_told, [channel + " ended"] as Array[String], "what was told")
	check_equal(_server.end_channel(channel), false, "whether there is one")


func _player(username: String) -> NetworkClient:
	_server.add_account(username, PASSWORD)
	var client := NetworkClient.new()
	client.fake_server = _server
	client.connect_automatically = false
	await add(client)
	await client.connect_to_server().completed
	await client.login(username, PASSWORD).completed
	return client
