extends "res://tests/chatbox_case.gd"
## The chatbox's tabs: one per channel and per player whispered with.


func test_with_only_the_lobby_there_are_no_tabs() -> void:
	check(not part("TabRow").visible, "the row of tabs shows")
	chatbox.offers_channels = false
	for button: String in ["Button_Channels", "Button_Roster"]:
		check(not part(button).visible, button + " shows without channels")
	chatbox.offers_channels = true
	chatbox.open_tab("trade")
	await frames(2)
	check(part("TabRow").is_visible_in_tree(), "the row of tabs is hidden")
	chatbox.close_tab("trade")
	await frames(2)
	check(not part("TabRow").visible, "the row of tabs stays")


func test_each_tab_has_its_own_lines_and_draft() -> void:
	chatbox.open_tab("trade")
	await frames(2)
	chatbox.show_line("lobby", "ben", "hello lobby", NOON_MS)
	chatbox.show_line("trade", "cleo", "hello trade", NOON_MS)
	await input.type("for all")
	await input.click(tab_button("trade"))
	await until_written("trade")
	check_equal(chatbox.current_channel, "trade", "the channel in view")
	check_equal(shown("trade"), '—— New ——\ncleo says: "hello trade"', "the log of trade")
	check(chatbox.get_log("trade").is_visible_in_tree(), "the log of trade is hidden")
	check(not chatbox.get_log("lobby").visible, "the log of the lobby stays")
	check_equal(chatbox.draft, "", "the draft in trade")
	await send("an axe")
	await input.type("and")
	await input.click(tab_button("lobby"))
	check_equal(chatbox.draft, "for all", "the draft in the lobby")
	await input.press(KEY_ENTER)
	check_equal(asked, ["say an axe in trade", "say for all in lobby"] as Array[String], "what")
	check_equal(chatbox.unsent_text(), "for all an axe and", "all that is unsent")
	await input.click(tab_button("trade"))
	check_equal(chatbox.draft, "and", "the draft in trade")
	check(line_edit.has_focus(), "the focus is not in the input")


func test_a_refused_line_waits_in_its_own_tab() -> void:
	chatbox.open_tab("trade", true)
	await frames(2)
	await send("an axe")
	var id: int = chatbox.sent_id
	chatbox.current_channel = "lobby"
	chatbox.line_denied("busy", "", id)
	await frames(2)
	check(not part("Refusal").visible, "the lobby tells of it")
	check_equal(chatbox.draft, "", "the draft in the lobby")
	chatbox.current_channel = "trade"
	check_equal(chatbox.draft, "an axe", "the draft in trade")
	check(part("Refusal").visible, "nothing tells of it")
	await input.press(KEY_ENTER)
	await input.type("half a")
	chatbox.current_channel = "lobby"
	chatbox.line_denied("timed_out", "")
	await frames(2)
	check_equal(tabs(), ["lobby", "trade !"] as Array[String], "the tabs")


func test_unread_lines_and_mentions_show_on_the_tab() -> void:
	chatbox.open_tab("trade")
	for i: int in 3:
		chatbox.show_line("trade", "ben", "line %d" % i, NOON_MS)
	await frames(2)
	check_equal(tabs(), ["lobby", "trade 3"] as Array[String], "the tabs")
	chatbox.show_line("trade", "ben", "ada?", NOON_MS)
	await frames(2)
	check_equal(tabs(), ["lobby", "trade @ 4"] as Array[String], "the tabs after a mention")
	chatbox.show_line("trade", "ada", "from my phone", NOON_MS)
	chatbox.show_member_notice("trade", "joined", "cleo")
	await frames(2)
	check_equal(tabs()[1], "trade @ 4", "the tab after an own line and a notice")
	await input.click(tab_button("trade"))
	await until_written("trade")
	check_equal(tabs(), ["lobby", "trade"] as Array[String], "the tabs when seen")
	check(shown("trade").begins_with("—— New ——"), "no mark: " + shown("trade"))
	await input.click(tab_button("lobby"))
	await frames(2)
	check_equal(tabs(), ["lobby", "trade"] as Array[String], "the tabs after that")


func test_the_server_counts_when_it_does() -> void:
	chatbox.set_unread("trade", 250, 17)
	chatbox.show_line("trade", "ben", "one of many", NOON_MS, 18)
	await frames(2)
	check_equal(tabs(), ["lobby", "trade 99+"] as Array[String], "the tabs")
	chatbox.set_unread("trade", 0)
	await frames(2)
	check_equal(tabs(), ["lobby", "trade"] as Array[String], "the tabs, read elsewhere")


func test_a_whisper_opens_a_tab_without_taking_the_player_there() -> void:
	chatbox.show_line("@ben", "ben", "psst", NOON_MS, 1)
	await frames(2)
	check_equal(chatbox.current_channel, "lobby", "the channel in view")
	check_equal(tabs(), ["lobby", "@ben 1"] as Array[String], "the tabs")
	check_equal(shown("lobby"), "", "what the lobby shows of it")
	await input.click(tab_button("@ben"))
	await frames(2)
	var topic: Label = part("Label_Topic")
	check_equal(topic.text, "Only you and ben can read this.", "what is said about the tab")
	check(not part("Button_Roster").visible, "whispers have a roster")
	await send("what?")
	check_equal(asked.back(), "say what? in @ben", "what was asked")


func test_whispers_of_old_are_kept_without_a_tab() -> void:
	chatbox.show_history("@ben", page(3, 5), false)
	await frames(2)
	check_equal(tabs(), ["lobby"] as Array[String], "the tabs")
	chatbox.open_tab("@ben", true)
	await until_written("@ben")
	check(shown("@ben").ends_with('ben says: "line 5"'), "the log: " + shown("@ben"))
	chatbox.close_tab("@ben")
	await frames(2)
	check_equal(tabs(), ["lobby"] as Array[String], "the tabs after closing")
	chatbox.show_line("@ben", "ben", "psst", NOON_MS, 6)
	await frames(2)
	check_equal(tabs(), ["lobby", "@ben 1"] as Array[String], "the tabs after a whisper")
	await until_written("@ben")
	check_equal(shown("@ben").count("line 5"), 1, "how often an old whisper is shown")


func test_keys_and_a_gamepad_lead_from_tab_to_tab() -> void:
	for channel: String in ["trade", "guild"]:
		chatbox.open_tab(channel)
	await frames(2)
	line_edit.edit()
	var seen: Array[String] = []
	for shift: bool in [false, false, false, true]:
		await input.press(KEY_TAB, true, shift)
		seen.append(chatbox.current_channel)
	check_equal(seen, ["trade", "guild", "lobby", "guild"] as Array[String], "by Ctrl+Tab")
	check(line_edit.has_focus(), "the focus left the input")
	seen.clear()
	for key: Key in [KEY_PAGEUP, KEY_PAGEDOWN, KEY_PAGEDOWN]:
		await input.press(key, true)
		seen.append(chatbox.current_channel)
	check_equal(seen, ["trade", "guild", "lobby"] as Array[String], "by Ctrl+PageUp and -Down")
	seen.clear()
	for button: JoyButton in [JOY_BUTTON_RIGHT_SHOULDER, JOY_BUTTON_LEFT_SHOULDER]:
		await input.press_pad(button)
		seen.append(chatbox.current_channel)
	check_equal(seen, ["trade", "lobby"] as Array[String], "by the shoulder buttons")
	line_edit.release_focus()
	await input.press_pad(JOY_BUTTON_RIGHT_SHOULDER)
	check_equal(chatbox.current_channel, "lobby", "the channel, while the player is elsewhere")


func test_whispers_close_at_once_and_channels_are_asked_about() -> void:
	chatbox.open_tab("@ben")
	chatbox.open_tab("trade", true)
	await frames(3)
	check(not (tab_button("lobby", "Close") as Control).visible, "the lobby can be closed")
	await input.click(tab_button("trade", "Close"))
	await choose("LineMenu", "Cancel")
	check(asked.is_empty(), "cancelling left the channel")
	await input.click(tab_button("trade", "Close"))
	await choose("LineMenu", "Leave")
	check_equal(asked, ["leave trade"] as Array[String], "what was asked")
	check_equal(tabs().size(), 3, "the number of tabs before the channel is left")
	chatbox.close_tab("trade")
	await frames(2)
	check_equal(chatbox.current_channel, "@ben", "the channel in view")
	await input.click(tab_button("@ben", "Close"))
	await frames(2)
	check_equal(chatbox.channels(), ["lobby"] as Array[String], "the channels")


func test_what_is_seen_is_read_and_what_is_not_seen_is_not() -> void:
	for seq: int in 3:
		chatbox.show_line("lobby", "ben", "line", NOON_MS, seq + 1)
	await until_written()
	check_equal(asked.back(), "read lobby to 3", "what was told")
	asked.clear()
	chatbox.show_line("trade", "ben", "hidden", NOON_MS, 7)
	await until_written("trade")
	check(asked.is_empty(), "a line in a hidden tab is read: %s" % [asked])
	chatbox.notification(Node.NOTIFICATION_WM_WINDOW_FOCUS_OUT)
	chatbox.show_line("lobby", "ben", "while away", NOON_MS, 4)
	await until_written()
	check(asked.is_empty(), "a line in a window not in use is read: %s" % [asked])
	check(shown().ends_with('New ——\nben says: "while away"'), "no mark: " + shown())
	chatbox.notification(Node.NOTIFICATION_WM_WINDOW_FOCUS_IN)
	await until_written()
	check_equal(asked, ["read lobby to 4"] as Array[String], "what is read on coming back")
	chatbox.current_channel = "trade"
	await until_written("trade")
	check_equal(asked.back(), "read trade to 7", "what is read in the other tab")


func test_a_tab_with_many_new_lines_opens_where_they_begin() -> void:
	for seq: int in 100:
		chatbox.show_line("trade", "ben", "line %d" % seq, NOON_MS, seq + 1)
		if seq == 4:
			chatbox.current_channel = "trade"
			await until_written("trade")
			chatbox.current_channel = "lobby"
	await until_written("trade")
	asked.clear()
	chatbox.current_channel = "trade"
	await until_written("trade")
	var new_messages: Button = part("Button_NewMessages")
	check_equal(new_messages.text, "95 new messages", "the button")
	check(new_messages.is_visible_in_tree(), "the button is hidden")
	check(asked.is_empty(), "all is read already: %s" % [asked])
	var above: int = shown("trade").split("\n").find("—— New ——") - 1
	var place: float = chatbox.get_log("trade").get_v_scroll_bar().value
	var height: float = chatbox.get_log("trade").get_paragraph_offset(above + 1) - place
	check(height >= 0.0 and height < 300.0, "the mark is at %.0f" % height)
	await input.click(new_messages)
	await until_written("trade")
	check_equal(asked, ["read trade to 100"] as Array[String], "what is read at the end")


func test_the_first_unread_line_is_shown_however_many_have_come() -> void:
	chatbox.current_channel = "trade"
	for seq: int in range(1, 31):
		chatbox.show_line("trade", "ben", "line %d" % seq, NOON_MS, seq)
	await until_written("trade")
	check(chatbox.get_log("trade").is_at_end(), "the log is not at its end")
	chatbox.current_channel = "lobby"
	for seq: int in range(31, 500):
		chatbox.show_line("trade", "ben", "line %d" % seq, NOON_MS, seq)
	await until_written("trade")
	chatbox.current_channel = "trade"
	await until_written("trade")
	var top: String = top_line("trade").get_slice('"', 1)
	check(top in ["line 25", "line 26", "line 27", "line 28", "line 29"], "at the top: " + top)
	var text: String = shown("trade")
	check(text.contains('New ——\nben says: "line 31"'), "no mark: " + text.left(500))


func test_a_mark_stands_where_the_player_has_read_to_elsewhere() -> void:
	chatbox.set_unread("lobby", 1, 2)
	chatbox.show_history("lobby", page(1, 2), false)
	chatbox.show_line("lobby", "ada", "own", NOON_MS, 3)
	chatbox.show_line("lobby", "ben", "new", NOON_MS, 4)
	chatbox.show_line("lobby", "ben", "newer", NOON_MS, 5)
	await until_written()
	check(shown().contains('"own"\n—— New ——\nben says: "new"\nben'), "the mark: " + shown())
	check_equal(shown().count("New"), 1, "the number of marks")
	chatbox.set_unread("trade", 1, 2)
	chatbox.show_history("trade", page(1, 3), false)
	await until_written("trade")
	check(shown("trade").contains('2"\n—— New ——\nben says: "line 3"'), shown("trade"))


func test_channels_are_listed_joined_and_created() -> void:
	await input.click(part("Button_Channels"))
	check_equal(asked, ["channels"] as Array[String], "what was asked")
	check(part("ChannelMenu").visible, "the menu is hidden")
	(
		chatbox
		. set_channels(
			(
				[
					{channel = "guild", topic = "", access = "password", members = 4},
					{channel = "trade", topic = "axes", access = "open", members = 12},
				]
				as Array[Dictionary]
			)
		)
	)
	await frames(2)
	var rows: Array[Node] = part("List_Channels").get_children()
	await input.type("TRA")
	await frames(1)
	check(not (rows[0] as Control).visible, "the list shows what does not fit")
	await input.click(rows[1] as Control)
	check_equal(asked.back(), "join trade with ''", "what a click on an open one asks")
	await input.click(part("LineEdit_Channel"))
	await input.press(KEY_A, true)
	await input.press(KEY_BACKSPACE)
	chatbox.show_channel_denied("Not now")
	await input.click(rows[0] as Control)
	check(part("LineEdit_ChannelPassword").has_focus(), "nothing asks for the password")
	await send("secret")
	check_equal(asked.back(), "join guild with 'secret'", "what is asked with a password")
	chatbox.show_channel_denied("Wrong password", true)
	check((part("Label_ChannelStatus") as Label).text == "Wrong password", "why is not told")
	chatbox.open_tab("guild", true)
	await frames(2)
	check(not part("ChannelMenu").visible, "the menu stays")
	check_equal(chatbox.current_channel, "guild", "the channel in view")
	check(line_edit.has_focus(), "the focus is not in the input")

	await input.click(part("Button_Channels"))
	await input.type("Bears")
	await input.click(part("Button_Create"))
	await input.type("of the north")
	await input.click(part("Row_Access").get_child(2) as Control)
	await input.click(part("LineEdit_ChannelPassword"))
	await input.type("honey")
	await input.press(KEY_ENTER)
	check_equal(
		asked.back(), 'create ["Bears", "password", "honey", "of the north"]', "what is created"
	)
	chatbox.open_tab("bears", true)
	await frames(2)
	check_equal(chatbox.current_channel, "bears", "the channel in view")
	await input.click(part("Button_Channels"))
	await input.press(KEY_ESCAPE)
	check(not part("ChannelMenu").visible, "Escape does not close the menu")


func test_everything_fits_on_small_and_flat_screens() -> void:
	for channel: String in ["trade", "a-channel-with-a-long-one", "guild", "@benedictus"]:
		chatbox.open_tab(channel)
	chatbox.set_topic("lobby", "word ".repeat(30))
	chatbox.set_counts("lobby", 1200, 1200)
	var mode: Window.ContentScaleMode = tree.root.content_scale_mode
	tree.root.content_scale_mode = Window.CONTENT_SCALE_MODE_DISABLED
	tree.root.min_size = Vector2i.ZERO
	for language: String in ["en", "de"]:
		TranslationServer.set_locale(language)
		for window: Vector2i in [Vector2i(360, 640), Vector2i(640, 360)]:
			tree.root.size = window
			await frames(4)
			_check_within(["Button_Logout", "TabRow", "ChatLog", "LineEdit", "Button_Send"])
			chatbox.call(&"_on_button_channels_pressed")
			part("ChannelMenu").call(&"_ask_to_create")
			await frames(4)
			_check_within(["Card_Channels"])
			await input.press(KEY_ESCAPE)
			await input.click(part("Button_Roster"))
			await frames(2)
			_check_within(["Roster"])
			await input.click(part("Button_CloseRoster"))
	TranslationServer.set_locale("en")
	tree.root.content_scale_mode = mode


func _check_within(parts: Array[String]) -> void:
	var screen := Rect2(Vector2.ZERO, tree.root.get_visible_rect().size)
	for name: String in parts:
		var fits: bool = screen.encloses(part(name).get_global_rect())
		check(fits, "%s does not fit into %s" % [name, screen.size])


func test_another_player_finds_nothing_of_the_last_one() -> void:
	chatbox.show_line("trade", "ben", "secret", NOON_MS, 1)
	chatbox.current_channel = "trade"
	await input.type("half a line")
	chatbox.set_topic("lobby", "all")
	chatbox.reset()
	await frames(3)
	check_equal(chatbox.channels(), ["lobby"] as Array[String], "the channels")
	check_equal(chatbox.unsent_text(), "", "what is unsent")
	check(not part("Label_Topic").visible, "the topic stays")
	check_equal(part("LogPanel").find_children("*", "ChatLog", true, false).size(), 1, "the logs")
