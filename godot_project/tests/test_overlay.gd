extends "res://tests/overlay_case.gd"
## The chat over a game: what it shows and how long, and whose the keys and the mouse are.


func test_it_shows_nothing_until_somebody_says_something() -> void:
	check_equal(opacity(), 0.0, "the opacity at first")
	await hear("Over here!")
	check_equal([shown(), opacity()], ["ben: Over here!", 1.0], "what is shown")


func test_lines_fade_after_silence_and_come_back_with_the_next() -> void:
	overlay.fade_after = 5.0
	overlay.fade_seconds = 2.0
	# The frames of the test are not what passes here.
	overlay.set_process(false)
	await hear("one")
	overlay.wake()
	overlay.let_pass(4.9)
	check_equal(opacity(), 1.0, "before it is time")
	overlay.let_pass(1.1)
	check(absf(opacity() - 0.5) < 0.01, "half way it is %f" % opacity())
	overlay.let_pass(1.1)
	check_equal([opacity(), shown()], [0.0, ""], "after silence")
	check(not overlay.is_processing(), "it goes on counting what is gone")
	overlay.show_line("lobby", "ben", "two", NOON_MS)
	check_equal(opacity(), 1.0, "with the next line")
	await until_written()
	check_equal(shown(), "ben: one\nben: two", "with the next line")


func test_lines_stay_where_fading_is_off() -> void:
	overlay.fade_after = 0.0
	await hear("one")
	overlay.let_pass(100_000.0)
	check_equal(opacity(), 1.0, "after a day")


func test_nothing_fades_while_the_player_types() -> void:
	await hear("one")
	overlay.let_pass(1000.0)
	check_equal(opacity(), 0.0, "before")
	await input.press(KEY_ENTER)
	check_equal([opacity(), shown()], [1.0, "ben: one"], "while typing")
	overlay.let_pass(1000.0)
	check_equal(opacity(), 1.0, "after a while")
	await input.press(KEY_ESCAPE)
	check_equal(opacity(), 1.0, "right after it")
	overlay.let_pass(1000.0)
	check_equal(opacity(), 0.0, "later")


func test_enter_begins_and_says_and_gives_the_keys_back() -> void:
	await input.press(KEY_ENTER)
	check(overlay.is_typing and line_edit().has_focus(), "Enter does not begin")
	await input.type("Hello")
	await input.press(KEY_ENTER)
	check_equal(asked, ["typing", "say Hello in lobby", "done"] as Array[String], "what happened")
	check(not overlay.is_typing and not line_edit().is_visible_in_tree(), "it goes on")
	check_equal(tree.root.gui_get_focus_owner(), null, "who has the focus")
	await until_written()
	check_equal(shown(), "ada: Hello", "the line that waits")
	await input.type("w")
	check("key w" in game.heard, "the game has no keys: %s" % [game.heard])


func test_enter_on_nothing_and_escape_end_it() -> void:
	await input.press(KEY_ENTER)
	await input.press(KEY_ENTER)
	check(not overlay.is_typing, "Enter on nothing goes on")
	await input.press(KEY_ENTER)
	await input.type("half a")
	await input.press(KEY_ESCAPE)
	check(not overlay.is_typing, "Escape goes on")
	await input.press(KEY_ENTER)
	check_equal(line_edit().text, "half a", "the draft")
	check_equal(
		asked, ["typing", "done", "typing", "done", "typing"] as Array[String], "what happened"
	)


func test_no_key_reaches_the_game_while_the_player_types() -> void:
	await input.press(KEY_ENTER)
	await input.type("jaw ")
	for key: Key in [KEY_J, KEY_F5, KEY_TAB, KEY_LEFT, KEY_HOME, KEY_UP, KEY_SPACE]:
		await input.press(key)
	await input.press(KEY_S, true)
	await input.press(KEY_ESCAPE)
	check(not overlay.is_typing, "it goes on")
	check_equal(game.heard, [] as Array[String], "what the game heard")
	await input.press(KEY_J)
	check("jump" in game.heard, "it does not jump afterwards: %s" % [game.heard])
	check("key J" in game.heard, "it has no keys afterwards: %s" % [game.heard])
	await input.press(KEY_LEFT)
	check("left" in game.heard, "the engine's actions have no keys: %s" % [game.heard])


func test_a_button_of_the_game_is_not_pressed_by_its_shortcut() -> void:
	var key := InputEventKey.new()
	key.keycode = KEY_S
	key.ctrl_pressed = true
	var shortcut := Shortcut.new()
	shortcut.events = [key]
	# One on each side of the overlay: nobody knows who is asked first.
	for place: int in [0, -1]:
		var save := Button.new()
		save.shortcut = shortcut
		save.pressed.connect(func() -> void: game.heard.append("save"))
		overlay.get_parent().add_child(save)
		overlay.get_parent().move_child(save, place)
	await input.press(KEY_ENTER)
	await input.press(KEY_S, true)
	check(not "save" in game.heard, "it was: %s" % [game.heard])
	await input.press(KEY_ESCAPE)
	await input.press(KEY_S, true)
	check("save" in game.heard, "it is not pressed afterwards: %s" % [game.heard])


func test_a_key_that_went_down_before_comes_up_for_the_game() -> void:
	_move_key(KEY_J, true)
	await frames(1)
	check(Input.is_action_pressed(game.JUMP), "it does not jump at first")
	await input.press(KEY_ENTER)
	check(not Input.is_action_pressed(game.JUMP), "it jumps while the player types")
	_move_key(KEY_J, false)
	await frames(1)
	check("key up J" in game.heard, "nobody tells that it came up: %s" % [game.heard])
	await input.press(KEY_ESCAPE)
	check(not Input.is_action_pressed(game.JUMP), "it jumps for ever")
	check(not "key up Enter" in game.heard, "the Enter that began: %s" % [game.heard])
	check(not "key up Escape" in game.heard, "the Escape that ended: %s" % [game.heard])


func test_a_game_can_keep_its_actions() -> void:
	overlay.silence_actions = false
	await input.press(KEY_ENTER)
	await input.press(KEY_J)
	check("jump" in game.heard, "it does not: %s" % [game.heard])
	check(not "key J" in game.heard, "it has the key itself: %s" % [game.heard])


func test_actions_are_as_before_when_the_overlay_goes_while_the_player_types() -> void:
	await input.press(KEY_ENTER)
	overlay.get_parent().remove_child(overlay)
	await input.press(KEY_J)
	check("jump" in game.heard, "they are not: %s" % [game.heard])
	game.get_parent().add_child(overlay)


func test_the_key_that_begins_is_not_typed() -> void:
	var say := InputEventKey.new()
	say.keycode = KEY_T
	InputMap.add_action(&"test_say")
	InputMap.action_add_event(&"test_say", say)
	overlay.start_action = &"test_say"
	await input.press(KEY_ENTER)
	check(not overlay.is_typing, "Enter begins nevertheless")
	var held := InputEventKey.new()
	held.keycode = KEY_T
	held.unicode = 116
	held.pressed = true
	for is_echo: bool in [false, true, true]:
		held.echo = is_echo
		Input.parse_input_event(held)
		Input.flush_buffered_events()
		await frames(1)
	check(overlay.is_typing, "T does not begin")
	check_equal(line_edit().text, "", "the text while it is held")
	_move_key(KEY_T, false)
	await frames(1)
	await input.type("taut")
	check_equal(line_edit().text, "taut", "the text")
	overlay.stop_typing()
	InputMap.erase_action(&"test_say")


func test_who_has_the_focus_gets_enter_and_has_it_afterwards() -> void:
	var button := Button.new()
	var presses: Array[bool] = []
	button.pressed.connect(func() -> void: presses.append(true))
	overlay.get_parent().add_child(button)
	button.grab_focus()
	await input.press(KEY_ENTER)
	check(presses.size() == 1 and not overlay.is_typing, "Enter is not the button's")
	overlay.start_typing("/w ben ")
	await frames(1)
	check_equal(line_edit().text, "/w ben ", "the text to begin with")
	await input.press(KEY_ESCAPE)
	check(button.has_focus(), "the button has lost the focus")


func test_a_gamepad_begins_and_ends() -> void:
	var bindings: Dictionary[StringName, JoyButton] = {
		&"ui_text_submit": JOY_BUTTON_BACK, &"ui_accept": JOY_BUTTON_A, &"ui_cancel": JOY_BUTTON_B
	}
	var added: Dictionary[StringName, InputEvent] = {}
	for action: StringName in bindings:
		var button := InputEventJoypadButton.new()
		button.button_index = bindings[action]
		added[action] = button
		InputMap.action_add_event(action, button)
	await input.press_pad(JOY_BUTTON_BACK)
	check(overlay.is_typing, "it does not begin")
	await input.press_pad(JOY_BUTTON_DPAD_UP)
	check(line_edit().has_focus(), "the focus has gone elsewhere")
	await input.type("hi")
	await input.press_pad(JOY_BUTTON_A)
	check_equal(asked, ["typing", "say hi in lobby", "done"] as Array[String], "what happened")
	await input.press_pad(JOY_BUTTON_BACK)
	await input.press_pad(JOY_BUTTON_B)
	check(not overlay.is_typing, "it does not end")
	for action: StringName in added:
		InputMap.action_erase_event(action, added[action])


func test_the_mouse_goes_through_where_nothing_is_to_be_done() -> void:
	await hear("a line to click at")
	await input.click(part("Panel"))
	check_equal(game.heard.count("click"), 1, "clicks through the lines")
	await input.click_at(overlay, Vector2(900, 100))
	check_equal(game.heard.count("click"), 2, "clicks beside them")
	await input.press(KEY_ENTER)
	await input.click(line_edit())
	check_equal(game.heard.count("click"), 2, "clicks through the input")
	check(overlay.is_typing, "a click into the input ends it")
	await input.click_at(overlay, Vector2(900, 100))
	check_equal(game.heard.count("click"), 3, "clicks beside the input")
	check(not overlay.is_typing, "a click beside it does not end it")


func test_the_button_begins_where_there_is_no_keyboard() -> void:
	check(not part("Button_Type").is_visible_in_tree(), "it is there without a touch screen")
	overlay.start_button = ChatOverlay.ButtonShown.ALWAYS
	await frames(2)
	check(part("Button_Type").size.x >= 44.0, "it is too small for a finger")
	await input.click(part("Button_Type"))
	check(overlay.is_typing and line_edit().has_focus(), "it does not begin")
	check(not part("Button_Type").is_visible_in_tree(), "it is there while the player types")


func test_it_works_while_the_tree_is_paused() -> void:
	tree.paused = true
	await input.press(KEY_ENTER)
	await input.type("wait")
	await input.press(KEY_ENTER)
	check_equal(asked, ["typing", "say wait in lobby", "done"] as Array[String], "what happened")
	tree.paused = false


func test_only_the_latest_lines_are_shown_and_more_while_typing() -> void:
	overlay.max_lines = 3
	for i: int in 60:
		overlay.show_line("lobby", "ben", "line %d" % i, NOON_MS)
	await until_written()
	check_equal(shown(), "ben: line 57\nben: line 58\nben: line 59", "what is shown")
	await input.press(KEY_ENTER)
	await until_written()
	check_equal(shown().get_slice_count("\n"), 50, "lines that can be scrolled to")
	var bar: VScrollBar = (overlay.get_node("%Log") as RichTextLabel).get_v_scroll_bar()
	var end: float = bar.value
	await input.press(KEY_PAGEUP)
	check(bar.value < end, "it does not scroll")


func test_a_flood_of_lines_costs_little() -> void:
	var chat: ChatOverlay.OverlayLog = overlay.get_node("%Log")
	await until_written()
	# Writing takes five milliseconds of this clock.
	var now := {usec = Time.get_ticks_usec() + 100_000_000}
	chat.clock = func() -> int:
		now.usec += 5000
		return now.usec
	overlay.show_line("lobby", "ben", "one", NOON_MS)
	await frames(2)
	check_equal(shown(), "ben: one", "the first")
	chat.clock = func() -> int: return now.usec
	overlay.show_line("lobby", "ben", "two", NOON_MS)
	await frames(5)
	check_equal(shown(), "ben: one", "right after it")
	now.usec += 101_000
	await frames(2)
	check_equal(shown(), "ben: one\nben: two", "when it is time")


func test_long_and_hostile_lines_leave_the_game_in_sight() -> void:
	overlay.max_height = 200.0
	tree.root.size = Vector2i(360, 640)
	await frames(3)
	for text: String in ["W".repeat(500), "\u202e" + "x\u200d".repeat(200), "🐻".repeat(300)]:
		await hear(text)
	var panel: Rect2 = part("Panel").get_global_rect()
	check(panel.size.y < 230.0, "it is %.0f high" % panel.size.y)
	check(panel.position.x >= 0.0 and panel.end.x <= 360.0, "it is at %s" % panel)
	await input.press(KEY_ENTER)
	await frames(3)
	panel = part("Panel").get_global_rect()
	check(overlay.get_global_rect().encloses(panel), "with the input it is at %s" % panel)
	check(line_edit().size.x > 200.0, "the input is %.0f wide" % line_edit().size.x)


func test_it_is_no_higher_than_its_lines() -> void:
	await hear("one")
	var one: float = part("Panel").size.y
	await hear("two")
	var two: float = part("Panel").size.y
	var chat: RichTextLabel = overlay.get_node("%Log")
	var row: int = chat.get_line_height(0) + chat.get_theme_constant(&"paragraph_separation")
	check(absf(one - row - 16.0) < 3.0, "one line is %.0f high" % one)
	check(two > one + 15.0 and two < one + 40.0, "two lines are %.0f high" % two)


func test_what_strangers_write_is_text() -> void:
	await hear("[b]bold[/b] [url]x[/url]\nada: I give up", "b[i]en")
	check_equal(shown(), "b[i]en: [b]bold[/b] [url]x[/url] ada: I give up", "the line")


func test_whispers_and_other_channels_say_what_they_are() -> void:
	await hear("psst", "ben", "@ben")
	await hear("not for here", "ben", "trade")
	await hear("yes?", "ada", "@ben")
	check_equal(shown(), "ben whispers: psst\nTo ben: yes?", "in one channel")
	overlay.show_all_channels = true
	await hear("axes!", "ben", "trade")
	check_equal(shown().get_slice("\n", 2), "[trade] ben: axes!", "in all channels")


func test_the_corner_and_the_keyboard_of_a_phone_move_it() -> void:
	await hear("one")
	var at: Rect2 = part("Panel").get_global_rect()
	check(at.position.x < 20.0 and at.end.y > 620.0, "bottom left is %s" % at)
	overlay.corner = ChatOverlay.Place.TOP_RIGHT
	await frames(2)
	at = part("Panel").get_global_rect()
	check(at.end.x > 1130.0 and at.position.y < 20.0, "top right is %s" % at)
	overlay.corner = ChatOverlay.Place.BOTTOM_LEFT
	overlay._keyboard.measure = func() -> int: return 300
	overlay._keyboard.set_process(true)
	await frames(3)
	at = part("Panel").get_global_rect()
	check(at.end.y < 350.0, "above a keyboard it is %s" % at)


func test_a_line_that_was_refused_comes_back() -> void:
	overlay.start_typing()
	await input.type("Cheap gold!")
	await input.press(KEY_ENTER)
	overlay.line_denied(overlay.sent_id, "muted", "You may not say anything")
	await until_written()
	check_equal(shown(), "Not sent: You may not say anything", "what is shown")
	check_equal(overlay.draft, "Cheap gold!", "the draft")
	await input.press(KEY_ENTER)
	await input.press(KEY_ENTER)
	overlay.line_denied(overlay.sent_id, "timed_out", "No answer")
	await until_written()
	check(shown().contains("(perhaps not sent)"), "what nobody knows: " + shown())


func test_a_refused_line_is_not_lost_when_the_player_types_another() -> void:
	overlay.start_typing()
	await input.type("first")
	await input.press(KEY_ENTER)
	overlay.start_typing()
	await input.type("second")
	overlay.line_denied(overlay.sent_id, "busy", "The server is busy")
	await until_written()
	check_equal(overlay.draft, "second", "the draft")
	check_equal(shown(), "Not sent: The server is busy (first)", "what is shown")


func test_a_line_is_read_when_the_player_looks() -> void:
	var seen: Array[String] = []
	overlay.read.connect(
		func(channel: String, seq: int) -> void: seen.append("%s %d" % [channel, seq])
	)
	overlay.show_line("lobby", "ben", "one", NOON_MS, 1)
	check_equal(seen, ["lobby 1"] as Array[String], "what is read")
	overlay.notification(Node.NOTIFICATION_WM_WINDOW_FOCUS_OUT)
	overlay.show_line("lobby", "ben", "two", NOON_MS, 2)
	overlay.show_line("lobby", "ben", "three", NOON_MS, 3)
	overlay.show_line("@ben", "ben", "psst", NOON_MS, 7)
	check_equal(seen.size(), 1, "what is read in another window")
	overlay.notification(Node.NOTIFICATION_WM_WINDOW_FOCUS_IN)
	check_equal(seen, ["lobby 1", "lobby 3", "@ben 7"] as Array[String], "what is read then")


func test_edited_and_deleted_lines_are_shown_so() -> void:
	overlay.show_line("@ben", "ben", "helo", NOON_MS, 4)
	overlay.show_line("lobby", "ben", "helo", NOON_MS, 4)
	overlay.show_line("lobby", "ben", "rude", NOON_MS, 5)
	overlay.edit_line("lobby", 4, "hello")
	overlay.delete_line("lobby", 5)
	await until_written()
	check_equal(
		shown(), "ben whispers: helo\nben: hello  (edited)\nben  message deleted", "the lines"
	)


func test_letters_can_be_told_from_the_ground_of_any_theme() -> void:
	const Colors := preload("res://addons/longhall/scenes/longhall_colors.gd")
	var chat: ChatOverlay.OverlayLog = overlay.get_node("%Log")
	var light := Theme.new()
	light.set_color(&"font_color", &"Label", Color("#1b1b1b"))
	var paper := StyleBoxFlat.new()
	paper.bg_color = Color("#f6f4ee")
	light.set_stylebox(&"panel", &"PanelContainer", paper)
	light.set_stylebox(&"panel", &"Panel", paper)
	for theme: Theme in [null, light]:
		overlay.theme = theme
		await frames(3)
		var outline: Array[Color] = [chat.get_theme_color(&"font_outline_color")]
		check(chat.get_theme_constant(&"outline_size") >= 4, "there is no outline")
		var is_light: bool = outline[0].get_luminance() > 0.5
		check_equal(is_light, theme != null, "whether %s is light" % outline)
		var letters: Array[Color] = [chat.get_theme_color(&"default_color")]
		for item: StringName in [&"own_text_color", &"notice_color", &"pending_color"]:
			letters.append(chat.get_theme_color(item, &"Chatbox"))
		letters.append_array(Array(chat.writer.sender_colors))
		for letter: Color in letters:
			var contrast: float = Colors.least_contrast(letter, outline)
			check(contrast >= 4.95, "%s has %.2f : 1" % [letter, contrast])


func _move_key(keycode: Key, pressed: bool) -> void:
	var key := InputEventKey.new()
	key.keycode = keycode
	key.pressed = pressed
	Input.parse_input_event(key)
	Input.flush_buffered_events()
