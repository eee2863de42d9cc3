extends "res://tests/test_case.gd"
## Drawn text can be read, whatever theme the game has, whole or half.

const ForeignThemes := preload("res://tests/window/foreign_themes.gd")
const Legibility := preload("res://tests/window/legibility.gd")

const LOGIN: PackedScene = preload("res://addons/longhall/scenes/login/login.tscn")
const CHATBOX: PackedScene = preload("res://addons/longhall/scenes/chatbox/chatbox.tscn")

const SIZE := Vector2i(1152, 648)
const MINUTE_MS: int = 60_000
## Two surfaces with less contrast than this look the same.
const TOLD_APART: float = 1.15


func test_login_can_be_read_in_our_theme() -> void:
	await _check_login({"ours": null})


func test_login_can_be_read_in_a_whole_foreign_theme() -> void:
	await _check_login(ForeignThemes.whole())


func test_login_can_be_read_in_half_a_theme() -> void:
	# Half of the states, since there are so many of them.
	await _check_login(ForeignThemes.halves(), false)


func test_chatbox_can_be_read_in_our_theme() -> void:
	await _check_chatbox({"ours": null})


func test_chatbox_can_be_read_in_a_whole_foreign_theme() -> void:
	await _check_chatbox(ForeignThemes.whole())


func test_chatbox_can_be_read_in_half_a_theme() -> void:
	await _check_chatbox(ForeignThemes.halves())


func test_the_channel_menu_can_be_read_in_a_foreign_theme() -> void:
	var chatbox: Chatbox = await _chatbox()
	await input.click(_part(chatbox, "Button_Channels"))
	(
		chatbox
		. set_channels(
			[
				{channel = "trade", access = "open", topic = "Axes for mead", members = 12},
				{channel = "bears", access = "password", topic = "Every evening", members = 3},
			]
		)
	)
	chatbox.show_channel_denied("This is not the channel's password", true)
	await _check(chatbox, ForeignThemes.whole())


func test_the_dialog_of_moderators_can_be_read_in_a_foreign_theme() -> void:
	var chatbox: Chatbox = await _chatbox()
	chatbox.set_server_role("moderator")
	var order: Node = chatbox.get_node("%Order")
	order.call("ask", "ulf", "mute")
	chatbox.add_sanction(
		"ulf", {"sanction": "mute", "channel": "", "until_ms": 0, "reason": "Again and again"}
	)
	chatbox.sanction_answered("You may not do this here")
	# What is dimmed behind it is not to be read.
	var themes: Dictionary[String, Theme] = ForeignThemes.whole()
	for name: String in themes:
		chatbox.theme = themes[name]
		await frames(3)
		var legibility := Legibility.new()
		await legibility.measure(_part(chatbox, "SanctionDialog"))
		check(legibility.pieces > 7, "%s: only %d pieces" % [name, legibility.pieces])
		for complaint: String in legibility.complaints:
			check(false, "%s: %s" % [name, complaint])


func test_the_current_tab_can_be_told_in_a_foreign_theme() -> void:
	var chatbox: Chatbox = await _chatbox()
	var themes: Dictionary[String, Theme] = ForeignThemes.whole()
	for name: String in themes:
		chatbox.theme = themes[name]
		await _until_written(chatbox)
		var picture: Image = _window_picture()
		var tabs: Array[Node] = _part(chatbox, "Tabs").get_children()
		var apart: float = 0.0
		# Their boxes, and the edges of their boxes.
		for inside: Vector2 in [Vector2(4.0, 6.0), Vector2(0.5, -12.0)]:
			var colors: Array[Color] = []
			for tab: Control in [tabs[0], tabs[1]]:
				var at: Vector2 = tab.get_global_rect().position + inside
				if inside.y < 0.0:
					at.y = tab.get_global_rect().get_center().y
				at = chatbox.get_viewport().get_final_transform() * at
				colors.append(picture.get_pixelv(Vector2i(at)))
			apart = maxf(apart, Legibility.contrast_of(colors[0], colors[1]))
		check(apart >= TOLD_APART, "%s: the current tab looks like the others" % name)


func _check_login(themes: Dictionary[String, Theme], is_thorough: bool = true) -> void:
	var login: LoginScreen = LOGIN.instantiate()
	login.wire_to_client = false
	await add(login)
	login.username = "Ada Lovelace"
	_part(login, "LineEdit_Password").set(&"text", "correct horse battery")
	login.set_online(true, "Connected to the server")
	login.show_status("The password must have at least 8 characters", LoginScreen.Tone.ERROR)
	await _check(login, themes)
	login.set_online(false, "The server cannot be reached. Next try in 12 seconds.", true)
	login.show_status("Registration successful. Log in now.", LoginScreen.Tone.SUCCESS)
	await _check(login, themes)
	if not is_thorough:
		return
	login.set_busy(true)
	login.show_status("Logging in with your new account")
	await _check(login, themes)
	login.set_busy(false)
	login.set_resuming("Ada Lovelace")
	await _check(login, themes)


func _check_chatbox(themes: Dictionary[String, Theme]) -> void:
	await _check(await _chatbox(), themes)


func _chatbox() -> Chatbox:
	var chatbox: Chatbox = CHATBOX.instantiate()
	chatbox.wire_to_client = false
	chatbox.username = "ada"
	chatbox.offers_channels = true
	await add(chatbox)
	var now_ms: int = floori(Time.get_unix_time_from_system() * 1000.0)
	chatbox.open_tab("trade")
	chatbox.set_topic("lobby", "What the lobby is about, in a few words")
	for i: int in 8:
		var sender: String = ["ada", "ulf", "signe", "bjorn"][i % 4]
		chatbox.show_line("lobby", sender, "Who brings the good axe?", now_ms, i + 1)
	chatbox.show_line("lobby", "ulf", "ada, where are you?", now_ms, 9)
	chatbox.show_notice("ulf joined the lobby", "lobby")
	chatbox.show_line("trade", "signe", "Two axes, hardly used", now_ms, 1)
	chatbox.set_counts("lobby", 3, 2)
	(
		chatbox
		. set_members(
			"lobby",
			[
				{username = "ada", state = "online", role = "owner"},
				{username = "ulf", state = "away", text = "looking after the fire"},
				{username = "signe", state = "offline", role = "member"},
			]
		)
	)
	await frames(2)
	await input.click(_part(chatbox, "Button_Roster"))
	chatbox.command_denied("lobby", "/join nowhere", "There is no such channel")
	chatbox.set_online(false, "The server restarts. Next try in 3 seconds.", true)
	return chatbox


func _check(screen: Control, themes: Dictionary[String, Theme]) -> void:
	tree.root.size = SIZE
	# A caret that blinks is no text.
	var focused: Control = tree.root.gui_get_focus_owner()
	if focused != null:
		focused.release_focus()
	for name: String in themes:
		screen.theme = themes[name]
		await frames(3)
		if screen is Chatbox:
			await _until_written(screen as Chatbox)
		var legibility := Legibility.new()
		await legibility.measure(screen)
		check(legibility.pieces > 10, "%s: only %d pieces" % [name, legibility.pieces])
		for complaint: String in legibility.complaints:
			check(false, "%s: %s" % [name, complaint])
		_keep_picture(screen, name, legibility)
	screen.theme = null


# For whoever looks at them.
func _keep_picture(screen: Control, name: String, legibility: Legibility) -> void:
	var folder: String = Arguments.value_of("out", "")
	if folder.is_empty():
		return
	var file: String = "%s_%s" % [screen.name.to_lower(), name.to_snake_case().validate_filename()]
	var count: int = 1
	while FileAccess.file_exists(folder.path_join("%s_%d.png" % [file, count])):
		count += 1
	legibility.picture().save_png(folder.path_join("%s_%d.png" % [file, count]))


func _until_written(chatbox: Chatbox) -> void:
	await wait_until(chatbox.get_log("lobby").is_written, "all lines are written")
	await frames(3)


func _window_picture() -> Image:
	return tree.root.get_texture().get_image()


func _part(screen: Control, part: String) -> Control:
	return screen.get_node("%" + part)
