extends "res://tests/test_case.gd"
## The bubble over an avatar: whose words it shows, how long, and where it is.

const Scenes := preload("res://tests/overlay_scenes.gd")

const PASSWORD: String = "correct horse"

var _bubble := LonghallBubble.new()


func set_up() -> void:
	_bubble.username = "ben"
	_bubble.wire_to_client = false


func test_it_shows_the_last_line_of_its_player_for_a_while() -> void:
	_bubble.seconds = 4.0
	await _add_to_walker(Vector2(500, 300))
	check(not _panel().visible, "it is there at first")
	_bubble.show_line("lobby", "ada", "Not mine")
	check_equal(_bubble.text, "", "what ada said")
	_bubble.show_line("lobby", "ben", "one")
	await frames(3)
	_bubble.let_pass(3.8)
	check_equal([_bubble.text, _panel().modulate.a], ["one", 1.0], "what ben said")
	_bubble.show_line("trade", "ben", "two")
	await frames(3)
	_bubble.let_pass(3.8)
	check_equal([_bubble.text, _panel().modulate.a], ["two", 1.0], "what he said then")
	_bubble.let_pass(5.0)
	check_equal([_bubble.text, _panel().visible], ["", false], "after its time")
	check(not _bubble.is_processing(), "it goes on counting")


func test_whispers_and_other_channels_are_not_shown() -> void:
	_bubble.channel = "lobby"
	await _add_to_walker(Vector2(500, 300))
	_bubble.show_line("@ben", "ben", "psst")
	_bubble.show_line("trade", "ben", "axes")
	check_equal(_bubble.text, "", "what is shown")
	_bubble.channel = ""
	_bubble.show_line("@ada", "ben", "psst")
	check_equal(_bubble.text, "", "the whisper")
	_bubble.username = ""
	_bubble.show_line("lobby", "", "nobody")
	check_equal(_bubble.text, "", "what nobody said")


func test_it_shows_plain_text_and_not_too_much_of_it() -> void:
	_bubble.max_chars = 20
	_bubble.max_width = 160.0
	await _add_to_walker(Vector2(500, 300))
	var texts: Dictionary[String, String] = {
		"[b]bold[/b]": "[b]bold[/b]",
		"two\nrows": "two rows",
		"/me waves": "* waves",
		"//w is a command": "/w is a command",
		"\u202eevil\u200b": "evil",
		"W".repeat(30): "W".repeat(19) + "…",
	}
	for text: String in texts:
		_bubble.show_line("lobby", "ben", text)
		check_equal(_bubble.text, texts[text], "what is shown")
	await frames(2)
	check(_panel().size.x <= 161.0, "it is %.0f wide" % _panel().size.x)
	check(_panel().size.y > 40.0, "it has one row")


func test_it_is_over_an_avatar_in_two_dimensions_wherever_the_camera_is() -> void:
	var camera := Camera2D.new()
	camera.zoom = Vector2(2.0, 2.0)
	camera.position = Vector2(400.0, 300.0)
	await add(camera)
	camera.make_current()
	var avatar: Node2D = await _add_to_walker(Vector2(450.0, 320.0))
	_bubble.show_text("hi")
	await frames(3)
	var middle := Vector2(1152.0, 648.0) / 2.0
	_check_at(middle + Vector2(100.0, 40.0) + _bubble.offset_2d)
	avatar.position.x -= 50.0
	await frames(2)
	_check_at(middle + Vector2(0.0, 40.0) + _bubble.offset_2d)
	avatar.hide()
	await frames(2)
	check(not _panel().visible, "it stays over somebody who is hidden")


func test_it_is_over_an_avatar_in_three_dimensions_and_not_behind_the_camera() -> void:
	var hall: Node3D = Scenes.hall()
	var avatar: Node3D = Scenes.guest(Vector3(0.0, 0.0, -2.0), Color.RED)
	avatar.add_child(_bubble)
	hall.add_child(avatar)
	await add(hall)
	_bubble.show_text("hi")
	await frames(3)
	check(_panel().visible, "it is not there")
	var at: Rect2 = _panel().get_global_rect()
	check(absf(at.get_center().x - 576.0) < 3.0, "it is at %s" % at)
	avatar.position.x = 2.0
	await frames(2)
	check(_panel().get_global_rect().position.x > at.position.x + 100.0, "it does not move")
	avatar.position = Vector3(0.0, 0.0, 12.0)
	await frames(2)
	check(not _panel().visible, "it is there for somebody behind the camera")


func test_it_stays_within_the_window_and_lets_the_mouse_through() -> void:
	var game := preload("res://tests/listening_game.gd").new()
	await add(game)
	await _add_to_walker(Vector2(20.0, 90.0))
	_bubble.show_text("A text that is wider than there is room for at the edge")
	await frames(3)
	var window := Rect2(0.0, 0.0, 1152.0, 648.0)
	check(window.encloses(_panel().get_global_rect()), "at %s" % _panel().get_global_rect())
	await input.click(_panel())
	check_equal(game.heard.count("click"), 1, "clicks through it")


func test_its_letters_can_be_read_in_any_theme() -> void:
	const Colors := preload("res://addons/longhall/scenes/longhall_colors.gd")
	await _add_to_walker(Vector2(500, 300))
	var label: Label = _panel().get_child(0)
	var half := Theme.new()
	var sheet := StyleBoxFlat.new()
	sheet.bg_color = Color("#f6f1e4")
	half.set_stylebox(&"panel", &"PanelContainer", sheet)
	for theme: Theme in [null, half]:
		_bubble.theme = theme
		var drawn: StyleBoxFlat = _panel().get_theme_stylebox(&"panel")
		check_equal(drawn.bg_color.get_luminance() > 0.5, theme != null, "whether it is light")
		var contrast: float = Colors.contrast(label.get_theme_color(&"font_color"), drawn.bg_color)
		check(contrast >= 4.95, "the letters have %.2f : 1" % contrast)


func test_it_finds_the_client_and_is_empty_after_the_logout() -> void:
	var server := LonghallFakeServer.new()
	server.add_account("ada", PASSWORD)
	server.add_account("ben", PASSWORD)
	var ada: NetworkClient = await _player(server, "ada", Node2D.new())
	var ben: NetworkClient = await _player(server, "ben", Node.new())
	_bubble.wire_to_client = true
	var avatar: Node2D = Scenes.walker(Vector2(300.0, 300.0), Color.RED)
	avatar.add_child(_bubble)
	ada.get_parent().add_child(avatar)
	await ben.send_chat("Over here!").completed
	await wait_until(func() -> bool: return _bubble.text == "Over here!", "the line")
	check(_panel().visible, "it is not there")
	await ada.logout().completed
	await frames(2)
	check_equal([_bubble.text, _panel().visible], ["", false], "after the logout")


func _player(server: LonghallFakeServer, name: String, scene: Node) -> NetworkClient:
	var client := NetworkClient.new()
	client.fake_server = server
	scene.add_child(client)
	await add(scene)
	await wait_until(func() -> bool: return client.state == NetworkClient.STATE_CONNECTED, name)
	await client.login(name, PASSWORD).completed
	return client


func _add_to_walker(at: Vector2) -> Node2D:
	var avatar: Node2D = Scenes.walker(at, Color.RED)
	avatar.add_child(_bubble)
	await add(avatar)
	return avatar


func _check_at(end: Vector2) -> void:
	var at: Rect2 = _panel().get_global_rect()
	var place := Vector2(at.get_center().x, at.end.y)
	check(place.distance_to(end) < 2.0, "it ends at %s, not %s" % [place, end])


func _panel() -> PanelContainer:
	return _bubble.find_children("*", "PanelContainer", true, false)[0]
