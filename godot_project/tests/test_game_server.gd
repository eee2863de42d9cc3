extends "res://tests/test_case.gd"
## A game's own server, a headless Godot, asks the real Longhall server by its key.

const PASSWORD: String = "correct horse"

var _url: String = Arguments.value_of("game-url", "")
var _game := LonghallGameServer.new()
var _ada := NetworkClient.new()


func why_skipped() -> String:
	return "no address for games' servers" if _url.is_empty() else ""


func set_up() -> void:
	_game.url = _url
	_game.key = await _new_key()
	_ada.url = arguments.server
	await add(_game)
	await add(_ada)


func test_it_sees_who_is_online_and_logs_them_out() -> void:
	var name: String = "Ada" + str(Time.get_ticks_usec()).right(8)
	await wait_until(
		func() -> bool: return _ada.state == NetworkClient.STATE_CONNECTED, "the connection"
	)
	await _ada.register(name, PASSWORD).completed
	var unseen: LonghallGameAnswer = await _game.player(name.to_lower())
	check(unseen.ok, "before: " + unseen.reason)
	check_equal(unseen.result["online"], false, "online before")
	await _ada.login(name, PASSWORD).completed
	var online: LonghallGameAnswer = await _game.online_players()
	check(online.ok, "who is online: " + online.reason)
	var names: Array = online.players.map(func(told: Dictionary) -> String: return told["username"])
	check(name in names, "%s is not among %s" % [name, names])
	var one: LonghallGameAnswer = await _game.player(name)
	check_equal(typeof(one.result["account_id"]), TYPE_INT, "the type of a number")
	check_equal(one.result["channels"], ["lobby"], "the channels")
	var reasons: Array[String] = []
	_ada.logged_out.connect(func(reason: String) -> void: reasons.append(reason))
	var kicked: LonghallGameAnswer = await _game.kick(name, "left the match")
	check(kicked.ok, "the kick: " + kicked.reason)
	await wait_until(func() -> bool: return reasons.size() > 0, "the end of the login")
	check_equal(reasons, ["kicked"] as Array[String], "why")


func _new_key() -> String:
	var file: String = OS.get_user_data_dir().path_join("game.key")
	var failed: String = await server_control.send("game-key " + file)
	check_equal(failed, "", "the key")
	return FileAccess.get_file_as_string(file)


func test_what_is_refused_says_why() -> void:
	var nobody: LonghallGameAnswer = await _game.player("no/body?")
	check_equal([nobody.ok, nobody.status, nobody.code], [false, 404, "unknown_user"], "nobody")
	_game.key = "lhk_wrong"
	var wrong: LonghallGameAnswer = await _game.online_players()
	check_equal([wrong.ok, wrong.status, wrong.code], [false, 401, "bad_key"], "a wrong key")
	check(not wrong.reason.contains("lhk_wrong"), "the key is told: " + wrong.reason)
	_game.url = "http://127.0.0.1:1"
	var away: LonghallGameAnswer = await _game.say("lobby", "hello?")
	check_equal([away.ok, away.status, away.code], [false, 0, "unreachable"], "nobody is there")
