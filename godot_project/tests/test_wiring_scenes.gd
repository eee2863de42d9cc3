extends "res://tests/wiring_case.gd"
## What a chatbox of the next scene goes on with, and what it tells once in a login.


func test_a_chatbox_in_the_next_scene_goes_on_where_the_last_one_was() -> void:
	var client: NetworkClient = _client()
	await add(client)
	await _open(null)
	await _wait_for_login_of("ada", client)
	for i: int in 80:
		_server.say("bo", "line %d" % i)
	await _wait_for_line(_chatbox, "bo: line 79")
	_scene.free()
	var next: Chatbox = CHATBOX.instantiate()
	await add(next)
	await _wait_for_line(next, "bo: line 79")
	check_equal(_times_shown(next, "line 79"), 1, "how often the last line is shown")
	check_equal(_times_shown(next, "bo: line 0"), 0, "how often the first line is shown")
	var chat: ChatLog = next.get_node("%ChatLog")
	await wait_until(
		func() -> bool:
			chat.scroll_by_pages(-1.0)
			return _times_shown(next, "bo: line 0") == 1,
		"the first line"
	)
	check(next.visible, "the chatbox is hidden")
	check_equal(next.username, "ada", "the player's name")
	await input.type("here")
	await input.press(KEY_ENTER)
	await _wait_for_line(next, "ada: here")


func test_the_message_of_the_day_is_told_once_in_each_login_and_bare() -> void:
	_server.message_of_the_day = "Welcome, wanderer"
	_chatbox.show_timestamps = true
	var client: NetworkClient = _client()
	await add(client)
	await _open(null)
	await _wait_for_login_of("ada", client)
	await _wait_for_line(_chatbox, "Welcome, wanderer")
	await frames(5)
	check_equal(_shown(_chatbox), "Welcome, wanderer", "the log")
	check_equal(_chatbox.get_log("lobby").unread_count(), 0, "the lines that are missed")
	# The next scene belongs to the same login, as does a cut.
	_scene.free()
	var next: Chatbox = CHATBOX.instantiate()
	await add(next)
	_server.close_in(0.0, "connection_lost")
	await _wait_for_line(next, "Reconnected")
	check_equal(_shown(next), "Reconnected", "the log of the next scene")
	# Another login is another day.
	client.logout()
	await wait_until(func() -> bool: return not next.visible, "the log-out")
	await _log_in(client, "ada")
	await _wait_for_line(next, "Welcome, wanderer")
	check_equal(_times_shown(next, "Welcome, wanderer"), 1, "how often it is told then")


func test_the_message_of_the_day_waits_for_a_chatbox_that_comes_late() -> void:
	_server.message_of_the_day = "Welcome, wanderer"
	var client: NetworkClient = _client()
	await add(client)
	await _log_in(client, "ada")
	for i: int in 2:
		# Games show the chat when they hear of the login, by whichever signal.
		client.logout()
		await frames(2)
		var come: Callable = func(state: int) -> void:
			if state == NetworkClient.STATE_LOGGED_IN and _chatbox.get_parent() == null:
				tree.root.add_child(_chatbox)
		client.state_changed.connect(come)
		await _log_in(client, "ada")
		await _wait_for_line(_chatbox, "Welcome, wanderer")
		await frames(5)
		check_equal(_times_shown(_chatbox, "Welcome, wanderer"), 1, "how often it is told")
		client.state_changed.disconnect(come)
		_chatbox.free()
		_chatbox = CHATBOX.instantiate()
	for unused: Node in [_chatbox, _login, _scene]:
		unused.free()


func test_notices_have_no_day_and_are_never_the_first_of_what_is_new() -> void:
	_chatbox.show_timestamps = true
	_chatbox.wire_to_client = false
	_scene.add_child(_chatbox)
	await add(_scene)
	_login.free()
	_chatbox.hide()
	_chatbox.show_notice("The gates open")
	_chatbox.show_notice("Ben invites you")
	_chatbox.show()
	await frames(5)
	check_equal(_shown(_chatbox), "The gates open\nBen invites you", "the log")
	check_equal(_chatbox.get_log("lobby").unread_count(), 0, "the lines that are missed")
	# For a reader further up, what is new begins with the first line that somebody says.
	var now_ms: int = floori(Time.get_unix_time_from_system() * 1000.0)
	for i: int in 60:
		_chatbox.show_line("lobby", "ben", "line %d" % i, now_ms)
	var chat: ChatLog = _chatbox.get_log("lobby")
	await wait_until(chat.is_written, "the lines")
	chat.scroll_by_pages(-1.0)
	await frames(2)
	_chatbox.show_notice("The gates close")
	await frames(3)
	check_equal(chat.unread_count(), 1, "a notice further down is told of")
	_chatbox.show_line("lobby", "ben", "hurry", now_ms)
	await wait_until(chat.is_written, "the last lines")
	var end: String = _shown(_chatbox).get_slice("line 59\n", 1)
	check_equal(
		end.replace(end.get_slice("ben", 0).get_slice("——\n", 1), ""),
		"The gates close\n—— New ——\nben: hurry",
		"the end of the log"
	)


func test_open_whispers_the_tab_in_view_and_drafts_go_along_into_the_next_scene() -> void:
	var client: NetworkClient = _client()
	await add(client)
	await _open(null)
	await _wait_for_login_of("ada", client)
	_server.say("ben", "psst", "@ada")
	_server.say("ben", "the key is here", "@ada")
	await wait_until(func() -> bool: return "@ben" in _chatbox.channels(), "the tab")
	_chatbox.current_channel = "@ben"
	await wait_until(_chatbox.get_log("@ben").is_written, "the whispers")
	await wait_until(func() -> bool: return _whispers_unread(client) == 0, "they are read")
	await input.type("where exactly")
	_chatbox.current_channel = "lobby"
	await input.type("hello everybody")
	_chatbox.current_channel = "@ben"
	await frames(2)
	_scene.free()
	for scene: int in 2:
		var next: Chatbox = CHATBOX.instantiate()
		await add(next)
		check_equal(next.channels(), ["lobby", "@ben"] as Array[String], "the tabs")
		check_equal(next.current_channel, "@ben", "the tab in view")
		check_equal(next.draft, "where exactly", "the draft")
		await wait_until(func() -> bool: return _said(next, "@ben", "the key is here"), "the lines")
		next.current_channel = "lobby"
		check_equal(next.draft, "hello everybody", "the draft of the lobby")
		next.current_channel = "@ben"
		if scene == 1:
			# Closed, it stays closed.
			next.close_tab("@ben")
		next.free()
	var last: Chatbox = CHATBOX.instantiate()
	await add(last)
	await frames(5)
	check_equal(last.channels(), ["lobby"] as Array[String], "the tabs after closing one")
	last.free()
	client.logout()
	await _log_in(client, "ben")
	var other: Chatbox = CHATBOX.instantiate()
	await add(other)
	await frames(5)
	check_equal(other.channels(), ["lobby"] as Array[String], "the tabs of another player")
	check_equal(other.draft, "", "the draft of another player")


func test_a_scene_that_begins_in_the_midst_of_a_cut_shows_what_was_said_before() -> void:
	var client: NetworkClient = _client()
	await add(client)
	await _open(null)
	await _wait_for_login_of("ada", client)
	_server.say("ben", "before")
	await _wait_for_line(_chatbox, "before")
	_server.is_reachable = false
	_server.close_in(0.0, "connection_lost")
	await wait_until(func() -> bool: return not client.is_logged_in(), "the cut")
	_scene.free()
	var next: Chatbox = CHATBOX.instantiate()
	await add(next)
	_server.say("ben", "meanwhile")
	_server.is_reachable = true
	client.retry_now()
	await wait_until(client.is_logged_in, "the automatic login")
	await _wait_for_line(next, "meanwhile")
	await _wait_for_line(next, "before")
	await frames(5)
	check_equal(_shown(next).get_slice_count("ben: before"), 2, "what was said before")
	check(_shown(next).find("before") < _shown(next).find("meanwhile"), "the order")


func _whispers_unread(client: NetworkClient) -> int:
	var unread: int = 0
	for whispers: Dictionary in client.get_whispers():
		unread += whispers["unread"]
	return unread


func _said(chatbox: Chatbox, channel: String, text: String) -> bool:
	return chatbox.get_log(channel).get_parsed_text().contains(text)


func _shown(chatbox: Chatbox) -> String:
	var chat: ChatLog = chatbox.get_node("%ChatLog")
	var text: String = chat.get_parsed_text().replace("\u2068", "").replace("\u2069", "")
	return text.trim_suffix("\n")
