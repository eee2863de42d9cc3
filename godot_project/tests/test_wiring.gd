extends "res://tests/test_case.gd"
## How Login and Chatbox find their client, and stay with it or let go of it.

const LOGIN: PackedScene = preload("res://addons/longhall/scenes/login/login.tscn")
const CHATBOX: PackedScene = preload("res://addons/longhall/scenes/chatbox/chatbox.tscn")

const PASSWORD: String = "correct horse"

var _server := LonghallFakeServer.new()
var _scene: Node
var _login: LoginScreen
var _chatbox: Chatbox


func set_up() -> void:
	_server.add_account("ada", PASSWORD)
	_server.add_account("ben", PASSWORD)
	_scene = Node.new()
	_login = LOGIN.instantiate()
	_chatbox = CHATBOX.instantiate()


func test_a_client_that_comes_later_is_found() -> void:
	await _open(null)
	check(_retry_is_hidden(), "a button offers to try again without a client")
	check(_login.visible and not _chatbox.visible, "the screens lie on each other")
	var client: NetworkClient = _client()
	_scene.add_child(client)
	await _wait_for_login_of("ada", client)


func test_a_client_in_another_scene_is_found() -> void:
	var client: NetworkClient = _client()
	await add(client)
	await _open(null)
	await _wait_for_login_of("ada", client)


func test_the_nearest_client_is_taken_and_a_named_one_before_it() -> void:
	var far: NetworkClient = _client()
	await add(far)
	var near: NetworkClient = _client()
	_chatbox.client = far
	await _open(near)
	await _log_in(near, "ada")
	check(not _login.visible, "the login screen does not know the nearest client")
	check(not _chatbox.visible, "the chatbox does not know the client it was given")
	await _log_in(far, "ben")
	check(_chatbox.visible, "the chatbox does not follow the client it was given")
	_chatbox.client = near
	check_equal(_chatbox.username, "ada", "the player's name")


func test_a_freed_client_leaves_the_login_screen_until_another_comes() -> void:
	var client: NetworkClient = _client()
	await _open(client)
	await _wait_for_login_of("ada", client)
	client.queue_free()
	await wait_until(func() -> bool: return _login.visible, "the login screen")
	check(not _chatbox.visible, "the chatbox stays")
	check_equal(_connection(), "Not connected", "the connection")
	client = _client()
	_scene.add_child(client)
	await _wait_for_login_of("ben", client)
	check_equal(_chatbox.username, "ben", "the player's name")


func test_a_client_that_moves_is_kept() -> void:
	var client: NetworkClient = _client()
	await _open(client)
	await _wait_for_login_of("ada", client)
	client.reparent(tree.root)
	await frames(3)
	_server.say("ben", "still there?")
	await _wait_for_line(_chatbox, "still there?")
	client.free()


func test_screens_that_move_keep_their_client() -> void:
	var client: NetworkClient = _client()
	await _open(client)
	await _wait_for_login_of("ada", client)
	var elsewhere := Node.new()
	await add(elsewhere)
	_chatbox.reparent(elsewhere)
	_login.reparent(elsewhere)
	await frames(3)
	_server.say("ben", "hello")
	await _wait_for_line(_chatbox, "hello")
	check_equal(_times_shown(_chatbox, "hello"), 1, "how often the line is shown")
	client.logout()
	await wait_until(func() -> bool: return _login.visible, "the login screen")


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


func test_two_chatboxes_show_the_same_and_each_answers_for_its_own() -> void:
	var client: NetworkClient = _client()
	var second: Chatbox = CHATBOX.instantiate()
	_scene.add_child(second)
	await _open(client)
	await _wait_for_login_of("ada", client)
	_server.deny_next("chat", "busy")
	await _say(_chatbox, "refused")
	await _wait_for_refusal(_chatbox, "Not sent: The server is busy, try again in a moment")
	check_equal(_refusal(second), "", "what the other chatbox says")
	check_equal(second.draft, "", "the other draft")
	await _say(second, "taken")
	for chatbox: Chatbox in [_chatbox, second]:
		await _wait_for_line(chatbox, "ada: taken")
		check_equal(_times_shown(chatbox, "taken"), 1, "how often the line is shown")


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


func test_two_login_screens_go_and_come_together() -> void:
	var client: NetworkClient = _client()
	var second: LoginScreen = LOGIN.instantiate()
	_scene.add_child(second)
	await _open(client)
	await _log_in(client, "ada")
	check(not _login.visible and not second.visible, "a login screen stays")
	client.logout()
	await wait_until(func() -> bool: return _login.visible and second.visible, "both")


func test_who_wires_it_themselves_is_left_alone() -> void:
	var client: NetworkClient = _client()
	_login.wire_to_client = false
	_chatbox.wire_to_client = false
	await _open(client)
	await _log_in(client, "ada")
	check(_login.visible and _chatbox.visible, "a screen hides by itself")
	_server.say("ben", "hello")
	await frames(10)
	check_equal(_times_shown(_chatbox, "hello"), 0, "how often the line is shown")
	_chatbox.wire_to_client = true
	_server.say("ben", "and now")
	await _wait_for_line(_chatbox, "and now")


func test_screens_stay_where_the_designer_shows_them_himself() -> void:
	var client: NetworkClient = _client()
	_login.show_by_itself = false
	_chatbox.show_by_itself = false
	await _open(client)
	await _log_in(client, "ada")
	check(_login.visible and _chatbox.visible, "a screen hides by itself")


func test_a_parent_without_a_size_is_no_hiding_place() -> void:
	_scene.free()
	var around := Control.new()
	_scene = around
	await _open(_client())
	check_equal(around.size, Vector2.ZERO, "the parent's size")
	var window: Rect2 = tree.root.get_visible_rect()
	check_equal(_login.get_global_rect(), window, "the login screen")
	around.hide()
	check(not _login.is_visible_in_tree(), "the login screen stays without its parent")
	around.show()
	await input.click(_login.get_node("%LineEdit_Username") as Control)
	await input.type("ada")
	check_equal(_login.username, "ada", "what was typed")
	around.position = Vector2(30.0, 20.0)
	around.size = Vector2(320.0, 600.0)
	await frames(2)
	check_equal(_login.get_global_rect(), around.get_global_rect(), "the login screen, then")


func test_a_container_gives_the_size_later() -> void:
	_scene.free()
	var container := MarginContainer.new()
	container.set_anchors_preset(Control.PRESET_FULL_RECT)
	container.add_theme_constant_override(&"margin_left", 40)
	var around := Control.new()
	container.add_child(around)
	around.add_child(_login)
	around.add_child(_chatbox)
	_scene = container
	await add(_scene)
	check_equal(_login.get_global_rect(), around.get_global_rect(), "the login screen")
	check_equal(around.global_position.x, 40.0, "where it begins")


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


func test_no_password_stays_in_the_form_of_a_player_who_is_in() -> void:
	var client: NetworkClient = _client()
	await _open(client)
	await wait_until(func() -> bool: return _connection() == "Connected", "the connection")
	var password: LineEdit = _login.get_node("%LineEdit_Password")
	await input.click(password)
	await input.type("half a passw")
	await _log_in(client, "ada")
	check_equal(password.text, "", "the password field")


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
	var asked_ms: int = Time.get_ticks_msec()
	await frames(1)
	await input.click(try_now)
	await wait_until(client.is_logged_in, "the login")
	check(Time.get_ticks_msec() - asked_ms < 2000, "it took its time")
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
	# Who was in is told.
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


func _client() -> NetworkClient:
	var client := NetworkClient.new()
	client.fake_server = _server
	return client


func _open(client: NetworkClient) -> void:
	if client != null:
		_scene.add_child(client)
	_scene.add_child(_login)
	_scene.add_child(_chatbox)
	await add(_scene)


func _log_in(client: NetworkClient, name: String) -> void:
	var reachable: Callable = func() -> bool: return client.state == NetworkClient.STATE_CONNECTED
	await wait_until(reachable, "the connection")
	var request: NetworkRequest = await client.login(name, PASSWORD).completed
	check(request.ok, "the login: " + request.reason)
	await frames(1)


func _wait_for_login_of(name: String, client: NetworkClient) -> void:
	await wait_until(func() -> bool: return _connection() == "Connected", "the connection")
	check(not _chatbox.visible, "the chatbox shows before the login")
	await _ask_for_login_of(name)
	await wait_until(func() -> bool: return _chatbox.visible, "the chatbox")
	check(client.is_logged_in(), "another client has logged in")
	check(not _login.visible, "the login screen stays")


func _ask_for_login_when_connected(name: String) -> void:
	await wait_until(func() -> bool: return _connection() == "Connected", "the connection")
	await _ask_for_login_of(name)


func _ask_for_login_of(name: String) -> void:
	await input.click(_login.get_node("%LineEdit_Username") as Control)
	await input.press(KEY_A, true)
	await input.type(name)
	await input.press(KEY_ENTER)
	await input.type(PASSWORD)
	await input.press(KEY_ENTER)


func _say(chatbox: Chatbox, text: String) -> void:
	for other: Chatbox in tree.root.find_children("*", "Chatbox", true, false):
		other.visible = other == chatbox
	await frames(2)
	await input.type(text)
	await input.press(KEY_ENTER)


func _wait_for_line(chatbox: Chatbox, text: String) -> void:
	await wait_until(func() -> bool: return _times_shown(chatbox, text) > 0, "the line " + text)


func _wait_for_refusal(chatbox: Chatbox, text: String) -> void:
	if not await wait_until(func() -> bool: return _refusal(chatbox) == text, "the refusal"):
		check_equal(_refusal(chatbox), text, "the refusal")


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


func _times_shown(chatbox: Chatbox, text: String) -> int:
	var chat: ChatLog = chatbox.get_node("%ChatLog")
	return chat.get_parsed_text().replace("\u2068", "").replace("\u2069", "").count(text)


func _pending(chatbox: Chatbox) -> int:
	return chatbox.get_log("lobby").pending_count()


func _refusal(chatbox: Chatbox) -> String:
	var label: Label = chatbox.get_node("%Label_Refusal")
	return label.text if label.is_visible_in_tree() else ""


func _connection() -> String:
	var label: Label = _login.get_node("%Label_Connection")
	return label.text


func _status() -> String:
	var label: Label = _login.get_node("%Label_Status")
	return label.text


# 12 of "Next try in 12 seconds."
func _seconds_in(text: String) -> int:
	return text.get_slice("Next try in ", 1).to_int()


func _retry_is_hidden() -> bool:
	var button: Button = _login.get_node("%Button_Retry")
	return not button.visible
