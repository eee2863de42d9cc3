extends "res://tests/test_case.gd"
## Players show something of themselves for the game's sake, and look at what others show.

const PASSWORD: String = "correct horse"

var _server := LonghallFakeServer.new()
var _told: Array[String] = []


func test_a_profile_keeps_the_values_of_a_game_and_is_told_to_everybody() -> void:
	var ada := await _player("ada")
	var ben := await _player("ben")
	ben.profile_changed.connect(
		func(username: String, told: Dictionary, version: int) -> void:
			_told.append("%s %d %s" % [username, version, told["colour"]])
	)
	var profile: Dictionary = {
		"colour": "teal",
		"level": 9007199254740991,
		"scale": 1.0,
		"third": 1.0 / 3.0,
		"hat": null,
		"badges": ["gold", 2, true],
		"look": {"eyes": &"green"},
	}
	var request: NetworkRequest = await ada.set_profile(profile).completed
	check(request.ok, "not set: " + request.code)
	check_equal(request.result, 1, "the version")
	await wait_until(func() -> bool: return _told.size() == 1, "the news of it")
	check_equal(_told, ["ada 1 teal"] as Array[String], "what was told")
	var own := ada.get_profile()
	check_equal(typeof(own["level"]), TYPE_INT, "the type of an int")
	check_equal(own["level"], 9007199254740991, "an int")
	check_equal(typeof(own["scale"]), TYPE_FLOAT, "the type of a float")
	check_equal(own["third"], 1.0 / 3.0, "a float")
	check(own.has("hat") and own["hat"] == null, "null is gone")
	check_equal(own["badges"], ["gold", 2, true], "an array")
	check_equal(own["look"], {"eyes": "green"}, "a dictionary")
	check_equal(ada.get_profile_version(), 1, "the version")

	var asked: NetworkRequest = await ben.player_info("ADA").completed
	check(asked.ok, "not told who: " + asked.code)
	var info: Dictionary = asked.result
	check_equal(info["username"], "ada", "the name")
	check_equal(info["online"], true, "whether online")
	check_equal(info["profile"], own, "the profile")
	check_equal(info["profile_version"], 1, "the version")
	var nobody: NetworkRequest = await ben.player_info("nobody").completed
	check_equal(nobody.code, "unknown_user", "the code")
	var listed: NetworkRequest = await ben.list_members("lobby").completed
	var members: Array[Dictionary] = listed.result
	check_equal(members[0]["profile"], own, "the profile in the roster")
	check_equal(members[1]["profile"], {}, "a profile that was never set")


func test_the_game_sets_its_keys_and_players_do_not() -> void:
	_server.name_game_keys(["level"])
	var ada := await _player("ada")
	ada.profile_changed.connect(
		func(username: String, profile: Dictionary, version: int) -> void:
			_told.append("%s %d %s" % [username, version, JSON.stringify(profile)])
	)
	_server.set_game_keys("ada", {"level": 3})
	await wait_until(func() -> bool: return _told.size() == 1, "the news of it")
	check_equal(_told, ['ada 1 {"level":3}'] as Array[String], "what was told")
	var denied: NetworkRequest = await ada.set_profile({"level": 4}).completed
	check_equal(denied.code, "kept_by_game", "the code")
	check_equal(denied.field, "profile", "the field")
	var old: NetworkRequest = await ada.set_profile({"hat": 1}, 0).completed
	check_equal(old.code, "version_conflict", "the code")
	check_equal(old.limit, 1, "the version there is")
	var set_now: NetworkRequest = await ada.set_profile({"hat": 1}, 1).completed
	check(set_now.ok, "not set: " + set_now.code)
	check_equal(ada.get_profile(), {"hat": 1, "level": 3}, "the profile")


func test_what_is_no_profile_is_refused() -> void:
	var ada := await _player("ada")
	var deep: Dictionary = {"a": {"b": {"c": {"d": {"e": 1}}}}}
	for profile: Dictionary in [{"Level": 1}, {"a": 9007199254740992}, deep]:
		var refused: NetworkRequest = await ada.set_profile(profile).completed
		check_equal(refused.code, "invalid_profile", "the code of " + str(profile))
	var long: NetworkRequest = await ada.set_profile({"a": "x".repeat(2048)}).completed
	check_equal(long.code, "too_long", "the code")
	check_equal(long.limit, 2048, "the limit")
	check_equal(ada.get_profile(), {}, "the profile")


func _player(username: String) -> NetworkClient:
	_server.add_account(username, PASSWORD)
	var client := NetworkClient.new()
	client.fake_server = _server
	client.connect_automatically = false
	await add(client)
	await client.connect_to_server().completed
	await client.login(username, PASSWORD).completed
	return client
