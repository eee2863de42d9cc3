extends "res://tests/test_case.gd"
## A game's own tests need no network: a server inside the game, with outcomes by script.

const PASSWORD: String = "correct horse"

var _server := LonghallFakeServer.new()
var _heard: Array[String] = []


func test_it_keeps_accounts_and_checks_passwords() -> void:
	var client := await _client()
	var register: NetworkRequest = await client.register("Ada", PASSWORD).completed
	check(register.ok, "not registered: " + register.code)
	var taken: NetworkRequest = await client.register("ADA", PASSWORD).completed
	check_equal(taken.code, "username_taken", "the code")
	var wrong: NetworkRequest = await client.login("ada", "battery staple").completed
	check_equal(wrong.code, "bad_credentials", "the code")
	var login: NetworkRequest = await client.login("ada", PASSWORD).completed
	check(login.ok, "not logged in: " + login.code)
	check_equal(client.username, "Ada", "the name")


func test_players_who_share_it_hear_each_other() -> void:
	var ada := await _player("ada")
	var ben := await _player("ben")
	ben.chat_received.connect(
		func(_channel: String, sender: String, text: String, _at: int, _seq: int) -> void:
			_heard.append(sender + ": " + text)
	)
	await ada.send_chat("Hello!").completed
	_server.say("Stranger", "Hear me")
	await wait_until(func() -> bool: return _heard.size() == 2, "two lines")
	check_equal(_heard, ["ada: Hello!", "Stranger: Hear me"] as Array[String], "what was heard")
	check_equal(_server.get_said(), PackedStringArray(["Hello!"]), "what was said")


func test_every_line_of_a_crowd_has_its_own_words() -> void:
	var ada := await _player("ada")
	ada.chat_received.connect(
		func(channel: String, sender: String, text: String, _at: int, seq: int) -> void:
			_heard.append("%s %d %s: %s" % [channel, seq, sender, text])
	)
	var said: Array[String] = []
	# More than anybody remembers the names of, the first of them again at the end.
	for i: int in 600:
		var sender: String = ("Жанна-%d" if i % 3 == 0 else "ben-%d") % (i % 599)
		var text: String = "🐻 № %d" % i if i % 2 == 0 else "bear %d" % i
		_server.say(sender, text)
		said.append("lobby %d %s: %s" % [i + 1, sender, text])
	await wait_until(func() -> bool: return _heard.size() == said.size(), "all lines")
	check_equal(_heard, said, "what was heard")


func test_denials_come_in_the_order_of_the_script() -> void:
	_server.add_account("ada", PASSWORD)
	_server.deny_next("login", "busy", 3.0)
	_server.deny_next("login", "banned")
	var client := await _client()
	var codes: Array[String] = []
	for i: int in 3:
		var login: NetworkRequest = await client.login("ada", PASSWORD).completed
		codes.append(login.code)
	check_equal(codes, ["busy", "banned", ""] as Array[String], "the codes")


func test_every_reason_a_server_can_have_is_told_apart() -> void:
	var own: Array[String] = [
		"server_unreachable",
		"unknown_host",
		"not_secure",
		"closed_by_client",
		"wrong_server",
		"invalid_address"
	]
	for reason: String in NetworkClient.get_disconnect_reasons():
		if reason in own:
			continue
		var client := await _player(unique("ada"))
		var told: Array[String] = []
		client.disconnected.connect(
			func(why: String, will_retry: bool, seconds: float) -> void:
				told.append("%s %s" % [why, will_retry])
				check(will_retry == (seconds > 0.0), "%s: next try in %s s" % [why, seconds])
		)
		_server.close_in(0.1, reason)
		await wait_until(func() -> bool: return not told.is_empty(), reason)
		var final: Array[String] = [
			"logged_in_elsewhere",
			"session_ended",
			"update_required",
			"protocol_error",
			"kicked",
			"banned",
			"account_deleted",
		]
		check_equal(told, ["%s %s" % [reason, reason not in final]] as Array[String], "the reason")
		client.queue_free()


func test_a_cut_heals() -> void:
	var client := await _player("ada")
	client.reconnect_max_delay = 0.5
	_server.close_in(0.05, "restarting")
	await wait_until(func() -> bool: return not client.is_logged_in(), "the cut")
	check(client.is_resuming(), "the session is given up")
	await wait_until(client.is_logged_in, "the way back")


func test_a_cut_that_takes_the_answer_to_a_resume_heals() -> void:
	var client := await _player("ada")
	client.reconnect_max_delay = 0.5
	client.logged_out.connect(func(reason: String) -> void: _heard.append(reason))
	_server.answer_delay = 0.3
	_server.close_in(0.0, "connection_lost")
	await wait_until(func() -> bool: return not client.is_logged_in(), "the first cut")
	var connected: Callable = func() -> bool: return client.state == NetworkClient.STATE_CONNECTED
	await wait_until(connected, "the resume")
	await frames(3)
	_server.answer_delay = 0.0
	_server.close_in(0.0, "connection_lost")
	await wait_until(client.is_logged_in, "the way back")
	check_equal(_heard, [] as Array[String], "why the session ended")


func test_an_unreachable_server_is_tried_again() -> void:
	_server.is_reachable = false
	var client := NetworkClient.new()
	client.fake_server = _server
	client.reconnect_max_delay = 0.5
	client.disconnected.connect(
		func(reason: String, _retry: bool, _seconds: float) -> void: _heard.append(reason)
	)
	await add(client)
	await wait_until(func() -> bool: return not _heard.is_empty(), "the failure")
	check_equal(_heard, ["server_unreachable"] as Array[String], "the reasons")
	_server.is_reachable = true
	client.retry_now()
	var connected: Callable = func() -> bool: return client.state == NetworkClient.STATE_CONNECTED
	await wait_until(connected, "the connection")


func test_a_second_login_goes_beside_the_first_and_may_end_it() -> void:
	var first := await _player("ada")
	first.logged_out.connect(func(reason: String) -> void: _heard.append(reason))
	var second := await _player("ada")
	check(first.is_logged_in(), "the first one is out")
	await second.close_session(0).completed
	await wait_until(func() -> bool: return not _heard.is_empty(), "the end of the first")
	check_equal(_heard, ["session_ended"] as Array[String], "the reasons")
	check(second.is_logged_in(), "the second one is out, too")


func test_a_cut_does_not_wait_for_delayed_answers() -> void:
	var client := await _client()
	_server.add_account("ada", PASSWORD)
	_server.answer_delay = 60.0
	_server.close_in(0.1, "connection_lost")
	var login: NetworkRequest = await client.login("ada", PASSWORD).completed
	check_equal(login.code, "connection_lost", "the code")


func test_a_cut_that_met_nobody_is_over() -> void:
	_server.close_in(0.0, "kicked")
	await frames(2)
	var client := await _client()
	await frames(5)
	check_equal(client.state, NetworkClient.STATE_CONNECTED, "the state")


func test_it_takes_the_place_of_a_server_that_is_connected_already() -> void:
	if arguments.server.is_empty():
		return
	var client := NetworkClient.new()
	client.url = arguments.server
	await add(client)
	var connected: Callable = func() -> bool: return client.state == NetworkClient.STATE_CONNECTED
	await wait_until(connected, "the real server")
	_server.message_of_the_day = "I am a fake"
	client.fake_server = _server
	await client.connect_to_server().completed
	check_equal(client.message_of_the_day, "I am a fake", "who is connected")
	_server.add_account("ada", PASSWORD)
	var login: NetworkRequest = await client.login("ada", PASSWORD).completed
	check(login.ok, "not logged in: " + login.code)


func test_answers_may_take_their_time() -> void:
	var client := await _client()
	_server.add_account("ada", PASSWORD)
	_server.answer_delay = 0.3
	var login := client.login("ada", PASSWORD)
	await frames(2)
	check(not login.is_completed, "the answer came at once")
	await login.completed
	check(login.ok, "not logged in: " + login.code)


func test_its_message_of_the_day_arrives() -> void:
	_server.message_of_the_day = "Well met!"
	var client := await _client()
	check_equal(client.message_of_the_day, "Well met!", "the message")
	check_equal(client.server_version, NetworkClient.get_version(), "the version")


func test_another_database_behind_the_server_is_told_before_its_lines() -> void:
	# With the session put back as well, with the accounts alone lost, and both on one node.
	for keep_accounts: bool in [true, false]:
		var client := await _player(unique("ada"))
		var name: String = client.username
		client.reconnect_max_delay = 0.5
		_server.say("ben", "old 1")
		await client.send_chat("old 2").completed
		_tell_all(client)
		_server.wipe(keep_accounts)
		_server.say("ben", "new 1")
		_server.say("ben", "new 2")
		_server.say("ben", "new 3")
		if not keep_accounts:
			var out: Callable = func() -> bool: return "out session_expired" in _heard
			await wait_until(out, "the end of the session")
			await client.register(name, PASSWORD).completed
			await client.login(name, PASSWORD).completed
		await wait_until(func() -> bool: return "page new 3" in _heard, "the new lines")
		var news: Array[String] = ["reset 3 new lines", "in", "page new 3"]
		check_equal(_heard.slice(-3), news, "what was told")
		check_equal(client.get_channel("lobby")["last_seq"], 3, "the newest number")
		client.queue_free()


func test_a_line_that_waits_is_said_to_the_other_database() -> void:
	var client := await _player("ada")
	client.reconnect_max_delay = 0.5
	await client.send_chat("old").completed
	_server.wipe(true)
	var waits := client.send_chat("still to be said")
	var edit := client.edit_line("lobby", 1, "not the old one")
	await waits.completed
	check(waits.ok, "not said: " + waits.code)
	check_equal(waits.result, 1, "its number")
	check_equal(_server.get_said(), PackedStringArray(["still to be said"]), "what was said")
	if not edit.is_completed:
		await edit.completed
	check(not edit.ok, "an old line was edited")
	check_equal(client.get_channel("lobby")["last_seq"], 1, "the newest number")


func test_two_fake_servers_are_two_databases() -> void:
	var client := await _player("ada")
	_tell_all(client)
	var other := LonghallFakeServer.new()
	other.add_account("ada", PASSWORD)
	client.fake_server = other
	await client.connect_to_server().completed
	await client.login("ada", PASSWORD).completed
	await client.logout().completed
	await client.login("ada", PASSWORD).completed
	var resets: int = _heard.count("reset 0 new lines")
	check_equal(resets, 1, "how often everything began anew")


# Tells of what comes, and of the state at that moment.
func _tell_all(client: NetworkClient) -> void:
	_heard.clear()
	client.history_reset.connect(
		func() -> void:
			var lobby: Dictionary = client.get_channel("lobby")
			_heard.append("reset %d new lines" % lobby["last_seq"])
	)
	client.logged_in.connect(func(_name: String) -> void: _heard.append("in"))
	client.logged_out.connect(func(reason: String) -> void: _heard.append("out " + reason))
	client.history_received.connect(
		func(_channel: String, lines: Array[Dictionary], _more: bool) -> void:
			_heard.append("page %s" % lines.back()["text"])
	)


func _client() -> NetworkClient:
	var client := NetworkClient.new()
	client.fake_server = _server
	client.connect_automatically = false
	await add(client)
	var connecting: NetworkRequest = await client.connect_to_server().completed
	check(connecting.ok, "not connected: " + connecting.code)
	return client


func _player(name: String) -> NetworkClient:
	_server.add_account(name, PASSWORD)
	var client := await _client()
	var login: NetworkRequest = await client.login(name, PASSWORD).completed
	check(login.ok, "not logged in: " + login.code)
	return client
