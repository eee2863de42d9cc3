extends "res://tests/wiring_case.gd"
## How Login and Chatbox find their client, and stay with it or let go of it.


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


func test_a_screen_that_is_gone_is_not_asked_to_leave_the_window() -> void:
	_scene.free()
	var around := Control.new()
	_scene = around
	await _open(_client())
	_login.free()
	around.size = Vector2(300, 200)
	await frames(2)
	check(not _chatbox.top_level, "the other screen is still over the window")


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


func _wait_for_refusal(chatbox: Chatbox, text: String) -> void:
	if not await wait_until(func() -> bool: return _refusal(chatbox) == text, "the refusal"):
		check_equal(_refusal(chatbox), text, "the refusal")


func _retry_is_hidden() -> bool:
	var button: Button = _login.get_node("%Button_Retry")
	return not button.visible
