extends "res://tests/wiring_case.gd"
## What Login and Chatbox tell of their client's connection, and what outlasts a cut.


func test_nobody_is_told_to_be_logged_out_who_was_not_logged_in() -> void:
	var client: NetworkClient = _client()
	await add(client)
	await _open(null)
	await wait_until(func() -> bool: return _connection() == "Connected", "the connection")
	client.disconnect_from_server()
	await wait_until(func() -> bool: return _connection() == "Not connected", "the end")
	check(_status() != "You are logged out", "the status of who was not in")
	client.connect_to_server()
	await _wait_for_login_of("ada", client)
	_server.is_reachable = false
	_server.close_in(0.0, "connection_lost")
	await wait_until(func() -> bool: return not client.is_logged_in(), "the cut")
	# The next scene has not seen who was in, and offers another account.
	_scene.free()
	_login = LOGIN.instantiate()
	await add(_login)
	var other: Button = _login.get_node("%Button_OtherAccount")
	await wait_until(other.is_visible_in_tree, "the offer")
	await input.click(other)
	await frames(3)
	check_equal(_status(), "", "the status of who wants another account")
	_server.is_reachable = true
	client.retry_now()
	await _ask_for_login_when_connected("ada")
	await wait_until(client.is_logged_in, "the login")
	client.logout()
	await wait_until(func() -> bool: return _login.visible, "the login screen")
	check_equal(_status(), "You are logged out", "the status of who was in")


func test_a_slow_answer_keeps_the_form_locked_until_the_client_gives_up() -> void:
	var client: NetworkClient = _client()
	client.request_timeout = 1.5
	_login.answer_timeout = 0.2
	await _open(client)
	await wait_until(func() -> bool: return _connection() == "Connected", "the connection")
	_server.ignore_next("login")
	await _ask_for_login_of("ada")
	var log_in: Button = _login.get_node("%Button_Login")
	await wait_for_seconds(0.6)
	check(log_in.disabled, "the form unlocks before the request has ended")
	await wait_until(func() -> bool: return not log_in.disabled, "the form unlocks")
	check_equal(_status(), LonghallText.of_denial("timed_out"), "the status")


func test_the_name_and_the_draft_outlast_a_cut_but_not_another_player() -> void:
	var client: NetworkClient = _client()
	await _open(client)
	await _wait_for_login_of("ada", client)
	_server.say("ben", "before")
	await _wait_for_line(_chatbox, "before")
	await input.type("my draft")
	_server.close_in(0.0, "kicked")
	await wait_until(func() -> bool: return _login.visible, "the login screen")
	check_equal(_login.username, "ada", "the name in the form")
	check_equal(_status(), LonghallText.of_disconnect("kicked"), "the status")
	await client.connect_to_server().completed
	await _log_in(client, "ada")
	check_equal(_chatbox.draft, "my draft", "the draft")
	check(_times_shown(_chatbox, "before") == 1, "the lines are gone")
	_server.close_in(0.0, "kicked")
	await wait_until(func() -> bool: return _login.visible, "the login screen")
	await client.connect_to_server().completed
	await _log_in(client, "ben")
	check_equal(_chatbox.draft, "", "the draft")
	await wait_until(func() -> bool: return _times_shown(_chatbox, "before") > 0, "the history")
	check_equal(_times_shown(_chatbox, "before"), 1, "how often the line is shown")


func test_a_line_that_is_cut_off_waits_in_the_log_and_is_said_by_itself() -> void:
	var client: NetworkClient = _client()
	await _open(client)
	await _wait_for_login_of("ada", client)
	_server.ignore_next("chat")
	await _say(_chatbox, "did you hear?")
	await _wait_for_line(_chatbox, "ada: did you hear?")
	_server.is_reachable = false
	_server.close_in(0.0, "connection_lost")
	await wait_until(func() -> bool: return not client.is_logged_in(), "the cut")
	check(_chatbox.visible, "the chatbox goes with the connection")
	await _say(_chatbox, "and this?")
	await _wait_for_line(_chatbox, "ada: and this?")
	check_equal(_refusal(_chatbox), "", "what is told")
	_server.is_reachable = true
	client.retry_now()
	await wait_until(client.is_logged_in, "the automatic login")
	await _wait_for_line(_chatbox, "Reconnected")
	await wait_until(func() -> bool: return _server.get_said().size() == 2, "both lines are said")
	await wait_until(func() -> bool: return _pending(_chatbox) == 0, "the echoes")
	for text: String in ["did you hear?", "and this?"]:
		check_equal(_times_shown(_chatbox, text), 1, "how often '%s' is shown" % text)


func test_try_now_ends_the_waiting() -> void:
	var client: NetworkClient = _client()
	await _open(client)
	await _wait_for_login_of("ada", client)
	_server.is_reachable = false
	_server.close_in(0.0, "restarting")
	var banner: Label = _chatbox.get_node("%Label_Banner")
	var try_now: Button = _chatbox.get_node("%Button_TryNow")
	await wait_until(try_now.is_visible_in_tree, "the button")
	check(banner.text.begins_with("The server is restarting. Next try in "), banner.text)
	# Each failed try makes the next pause longer.
	while failures.is_empty() and _seconds_in(banner.text) < 4:
		await input.click(try_now)
		await wait_until(try_now.is_visible_in_tree, "the button")
	_server.is_reachable = true
	await frames(1)
	check(client.retry_in > 2.0, "it does not wait")
	await input.click(try_now)
	check_equal(client.retry_in, 0.0, "what is left of the waiting")
	await wait_until(client.is_logged_in, "the login")
	await _wait_for_line(_chatbox, "Reconnected")


func test_nobody_is_told_of_a_log_out_who_was_not_in() -> void:
	var client: NetworkClient = _client()
	await _open(client)
	client.disconnect_from_server()
	await frames(5)
	check_equal(_status(), "", "what is told")
	# Another address is another connection, and no log-out either.
	_server.is_reachable = false
	client.connect_to_server()
	await wait_until(func() -> bool: return _connection().contains("Next try"), "the failure")
	_server.is_reachable = true
	client.url = "ws://127.0.0.2:1"
	await client.connect_to_server().completed
	await frames(5)
	check_equal(_status(), "", "what is told of another address")
	# A player who was in is told.
	await _log_in(client, "ada")
	client.disconnect_from_server()
	await wait_until(func() -> bool: return _status() == "You are logged out", "a word about it")


func test_what_was_wrong_with_the_address_goes_with_the_next_try() -> void:
	var client: NetworkClient = _client()
	client.connect_automatically = false
	await _open(client)
	client.fake_server = null
	client.url = "nonsense"
	await client.connect_to_server().completed
	await wait_until(func() -> bool: return _status().contains("not valid"), "a word about it")
	client.url = "ws://127.0.0.1:9"
	_server.answer_delay = 60.0
	client.fake_server = _server
	client.connect_to_server()
	await frames(5)
	check_equal(client.state, NetworkClient.STATE_CONNECTING, "the state")
	check_equal(_status(), "", "what is told during the next try")


func test_why_no_connection_comes_about_is_told_at_every_try() -> void:
	var client: NetworkClient = _client()
	client.reconnect_max_delay = 0.5
	client.fake_server = null
	client.url = "ws://no-such-host.invalid"
	await _open(client)
	var attempts: Array[int] = []
	client.reconnecting.connect(
		func(attempt: int, _seconds: float) -> void: attempts.append(attempt)
	)
	await wait_until(func() -> bool: return 3 in attempts, "the third try", 20.0)
	var cause: String = "The server cannot be found"
	check(_connection().begins_with(cause), "what is told: " + _connection())


func test_no_password_stays_in_the_form_of_a_player_who_is_in() -> void:
	var client: NetworkClient = _client()
	await _open(client)
	await wait_until(func() -> bool: return _connection() == "Connected", "the connection")
	var password: LineEdit = _login.get_node("%LineEdit_Password")
	await input.click(password)
	await input.type("half a passw")
	await _log_in(client, "ada")
	check_equal(password.text, "", "the password field")


func _ask_for_login_when_connected(name: String) -> void:
	await wait_until(func() -> bool: return _connection() == "Connected", "the connection")
	await _ask_for_login_of(name)


func _pending(chatbox: Chatbox) -> int:
	return chatbox.get_log("lobby").pending_count()


func _status() -> String:
	var label: Label = _login.get_node("%Label_Status")
	return label.text


# 12 of "Next try in 12 seconds."
func _seconds_in(text: String) -> int:
	return text.get_slice("Next try in ", 1).to_int()
