extends "res://tests/wiring_case.gd"
## A moderator keeps order by commands, and the player is told why.

var _ada: NetworkClient
var _warden: NetworkClient


func set_up() -> void:
	super()
	_server.add_account("warden", PASSWORD)
	_server.set_server_role("warden", "moderator")
	_ada = _client()
	await _open(_ada)
	await _log_in(_ada, "ada")
	await wait_until(func() -> bool: return _chatbox.visible, "the chatbox")
	_warden = NetworkClient.new()
	_warden.fake_server = _server
	_warden.connect_automatically = false
	await add(_warden)
	await _warden.connect_to_server().completed
	var login: NetworkRequest = await _warden.login("warden", PASSWORD).completed
	check(login.ok, "the moderator is not in: " + login.reason)


func test_a_muted_player_reads_why_and_may_speak_again() -> void:
	check_equal(_warden.get_server_role(), "moderator", "the role")
	var mute: NetworkRequest = await _warden.execute("/mute ada 10m Spam", "lobby").completed
	check(mute.ok, "not muted: " + mute.reason)
	await _wait_for_words("You may not say anything until ", ": Spam")
	var line: NetworkRequest = await _ada.send_chat("hello").completed
	check_equal(line.code, "muted", "the code")
	check(line.retry_after > 500.0, "the wait is %s" % line.retry_after)
	await _ada.send_chat("hello?").completed
	await frames(2)
	check_equal(_times_shown(_chatbox, "You may not say anything until "), 1, "times it is told")
	var lift: NetworkRequest = await _warden.execute("/unmute ada", "lobby").completed
	check(lift.ok, "not lifted: " + lift.reason)
	await _wait_for_words("You may speak again")
	var again: NetworkRequest = await _ada.send_chat("hello").completed
	check(again.ok, "not said: " + again.reason)
	var purge: NetworkRequest = await _warden.execute("/purge ada 1h", "lobby").completed
	check_equal(purge.result, {"count": 1, "more": false}, "what was deleted")


func test_a_banned_player_reads_why_in_the_login() -> void:
	var ban: NetworkRequest = await _warden.ban_player("ada", 3600, "Cheating").completed
	check(ban.ok, "not banned: " + ban.reason)
	await wait_until(func() -> bool: return _status().ends_with(": Cheating"), "why")
	check(_status().begins_with("You are banned from this server until "), _status())
	var past: NetworkRequest = await _warden.list_sanctions("ada").completed
	var sanctions: Array[Dictionary] = past.result
	check_equal(sanctions[0]["reason"], "Cheating", "the reason")
	check_equal(sanctions[0]["holds"], true, "whether it holds")


func test_a_player_keeps_no_order() -> void:
	var mute: NetworkRequest = await _ada.mute_player("warden").completed
	check_equal(mute.code, "not_allowed", "the code")


func _wait_for_words(beginning: String, end: String = "") -> void:
	var is_there := func() -> bool:
		for line: String in _chatbox.get_log("lobby").get_parsed_text().split("\n"):
			var text: String = line.replace("\u2068", "").replace("\u2069", "")
			if text.contains(beginning) and text.ends_with(end):
				return true
		return false
	await wait_until(is_there, "a line " + beginning)


func _status() -> String:
	var label: Label = _login.get_node("%Label_Status")
	return label.text
