extends "res://tests/chatbox_case.gd"
## What a player does with lines, names and commands: menus, roster, completion.

var _log: ChatLog


func set_up() -> void:
	await super()
	chatbox.takes_commands = true
	_log = chatbox.get_log("lobby")


func test_the_right_button_opens_what_can_be_done_with_a_line() -> void:
	await _say_three()
	await _right_click(0)
	check_equal(
		menu_items("LineMenu"),
		(
			["Copy", "Select all", "Mention ben", "Whisper to ben", "Block ben", "Report ben…"]
			as Array[String]
		),
		"on the line of another"
	)
	await choose("LineMenu", "Mention ben")
	check_equal(chatbox.draft, "@ben ", "the draft")
	await _right_click(1)
	check_equal(
		menu_items("LineMenu"),
		["Edit", "Delete", "Copy", "Select all"] as Array[String],
		"on an own line"
	)
	await choose("LineMenu", "Delete")
	await choose("LineMenu", "Cancel")
	check(asked.filter(_is_deletion).is_empty(), "cancelling deletes")
	await _right_click(1)
	await choose("LineMenu", "Delete")
	await choose("LineMenu", "Delete")
	check_equal(asked.back(), "delete lobby 2", "what was asked")
	chatbox.delete_line("lobby", 2)
	await until_written()
	await _right_click(1)
	check(not menu_items("LineMenu").has("Edit"), "a deleted line can be edited")


func test_a_finger_that_rests_opens_it_too() -> void:
	await _say_three()
	await input.hold_finger(_log, _place_of(0), 0.7)
	var menu: PopupMenu = chatbox.get_node("%LineMenu")
	check(menu.visible, "there is no menu")
	menu.hide()
	await input.hold_finger(_log, _place_of(0), 0.05)
	await wait_for_seconds(0.7)
	check(not menu.visible, "a short touch opens the menu")


func test_players_are_whispered_to_and_blocked_from_their_lines() -> void:
	await _say_three()
	await _right_click(0)
	await choose("LineMenu", "Whisper to ben")
	check_equal(chatbox.current_channel, "@ben", "the channel in view")
	check_equal(asked.back(), "whisper to ben", "what was asked")
	check(line_edit.has_focus(), "the focus is not in the input")
	chatbox.current_channel = "lobby"
	await frames(2)
	await _right_click(0)
	await choose("LineMenu", "Block ben")
	await choose("LineMenu", "Block")
	check_equal(asked.back(), "block ben", "what was asked then")


func test_what_is_copied_has_nothing_in_it_that_cannot_be_seen() -> void:
	var family: String = "👩‍👩‍👧 🏴󠁧󠁢󠁥󠁮󠁧󠁿 ❤️"
	var persian: String = "می‌خواهم"
	for text: String in [
		"so\u200b be\u2067 it\ufeff",
		"%s %s" % [family, persian],
		"\u200dtag\U0E0041ged\u2800 \u00ad!\u200c",
	]:
		chatbox.show_line("lobby", "b\u3164en", text, NOON_MS)
	await until_written()
	_log.grab_focus()
	await input.press(KEY_A, true)
	var expected: String = (
		'ben says: "so be it"\nben says: "%s %s"\nben says: "tagged !"' % [family, persian]
	)
	check_equal(_log.copied_text().strip_edges(), expected, "what is copied")
	check(not _log.drag_and_drop_selection_enabled, "a selection is dragged off as it is")
	if DisplayServer.has_feature(DisplayServer.FEATURE_CLIPBOARD):
		DisplayServer.clipboard_set("before")
		await input.press(KEY_C, true)
		check_equal(DisplayServer.clipboard_get().strip_edges(), expected, "the clipboard by keys")
		DisplayServer.clipboard_set("before")
		await _right_click(0)
		await choose("LineMenu", "Copy")
		check_equal(DisplayServer.clipboard_get(), expected, "the clipboard by the menu")
		_log.deselect()
		await _right_click(0)
		await choose("LineMenu", "Copy")
		check_equal(DisplayServer.clipboard_get(), "so be it", "a line without a selection")


func test_up_in_the_empty_input_changes_the_last_own_line() -> void:
	await _say_three()
	await input.type("x")
	await input.press(KEY_UP)
	check_equal(chatbox.draft, "x", "the draft with Up")
	await input.press(KEY_DELETE)
	await input.press(KEY_UP)
	check_equal(chatbox.draft, "my line", "what is edited")
	check(part("EditStrip").is_visible_in_tree(), "nothing tells of the edit")
	await input.type("!")
	await input.press(KEY_ENTER)
	check_equal(asked.back(), "edit lobby 2: my line!", "what was asked")
	check_equal(chatbox.draft, "", "the draft after it")
	check(not part("EditStrip").visible, "the strip stays")
	chatbox.edit_line("lobby", 2, "my line!")
	await until_written()
	check(shown().contains('ada says: "my line!"  (edited)'), "the log: " + shown())
	await input.press(KEY_UP)
	await input.press(KEY_ENTER)
	check_equal(asked.count("edit lobby 2: my line!"), 1, "an unchanged line was sent")


func test_escape_ends_a_change_and_brings_the_draft_back() -> void:
	await _say_three()
	await input.type("half a draft")
	await _right_click(1)
	await choose("LineMenu", "Edit")
	check_equal(chatbox.draft, "my line", "what is edited")
	chatbox.open_tab("trade", true)
	check(not part("EditStrip").visible, "the other tab edits, too")
	chatbox.current_channel = "lobby"
	check_equal(chatbox.draft, "my line", "what is edited after another tab")
	await input.press(KEY_ESCAPE)
	check_equal(chatbox.draft, "half a draft", "the draft")
	check(line_edit.has_focus(), "the focus left the input")
	await _right_click(1)
	await choose("LineMenu", "Edit")
	chatbox.delete_line("lobby", 2)
	check_equal(chatbox.draft, "half a draft", "the draft when the line is gone")


func test_a_refused_change_comes_back() -> void:
	chatbox.command_denied("lobby", "my words", "Too late")
	await frames(1)
	var why: Label = part("Label_Refusal")
	check_equal(why.text, "Too late", "what is told")
	check_equal(chatbox.draft, "my words", "the draft")


func test_the_menu_key_opens_the_menu_of_the_last_own_line() -> void:
	await _say_three()
	line_edit.edit()
	await input.press(KEY_MENU)
	check_equal(menu_items("LineMenu")[0], "Edit", "the first item")
	await choose("LineMenu", "Edit")
	check_equal(chatbox.draft, "my line", "what is edited")


func test_commands_are_not_lines() -> void:
	await send("/who")
	await send("/me waves")
	await send("//me is a command")
	await send("/")
	check_equal(
		asked.filter(func(what: String) -> bool: return not what.begins_with("complete")),
		[
			"do /who in lobby",
			"say /me waves in lobby",
			"say //me is a command in lobby",
			"do / in lobby",
		],
		"what was asked"
	)
	chatbox.takes_commands = false
	await send("/who")
	check_equal(asked.back(), "say /who in lobby", "what was asked without commands")


func test_commands_are_completed_by_keys() -> void:
	await input.type("/w")
	check_equal(asked, ["complete /w"] as Array[String], "what was asked")
	_offer_commands()
	check(part("Completions").is_visible_in_tree(), "the list is hidden")
	var input_rect: Rect2 = line_edit.get_global_rect()
	check(part("Completions").get_global_rect().end.y <= input_rect.position.y, "it covers")
	await input.press(KEY_DOWN)
	await input.press(KEY_TAB)
	check_equal(chatbox.draft, "/who", "the draft")
	check(line_edit.has_focus(), "the focus left the input")
	check_equal(asked.back(), "complete /who", "what is asked then")
	_offer_commands()
	await input.press(KEY_UP)
	await input.press(KEY_ENTER)
	check_equal(chatbox.draft, "/whisper ", "the draft by Enter")
	chatbox.draft = ""
	await input.type("/wh")
	_offer_commands()
	await input.press(KEY_ESCAPE)
	check(not part("Completions").visible, "Escape does not close the list")
	check(line_edit.has_focus(), "Escape left the input")
	await input.press(KEY_ENTER)
	check_equal(asked.back(), "do /wh in lobby", "what is done as it was typed")


func test_a_complete_command_is_sent_at_once() -> void:
	await input.type("/who")
	_offer_commands()
	await input.press(KEY_ENTER)
	check_equal(asked.back(), "do /who in lobby", "what was asked")
	check(not part("Completions").visible, "the list stays")


func test_completions_are_chosen_by_the_mouse() -> void:
	await input.type("/w")
	_offer_commands()
	await frames(2)
	await input.click(part("Rows_Completions").get_child(2) as Control)
	check_equal(chatbox.draft, "/whisper ", "the draft")
	check(line_edit.has_focus(), "the focus left the input")


func test_a_long_list_scrolls() -> void:
	await input.type("/")
	var options: Array[Dictionary] = []
	for i: int in 20:
		options.append({text = "/command%d" % i, label = "/command%d" % i, hint = ""})
	chatbox.set_completions(options)
	for i: int in 12:
		await input.press(KEY_DOWN)
	var rows: Array[Node] = part("Rows_Completions").get_children()
	check_equal(rows.size(), 6, "the number of rows")
	check_equal((rows[5] as Button).text, "/command12", "the last row")
	await input.press(KEY_TAB)
	check_equal(chatbox.draft, "/command12", "the draft")


func test_names_are_completed_behind_an_at_sign() -> void:
	chatbox.show_line("lobby", "Benno", "hello", NOON_MS)
	chatbox.set_members("lobby", [{username = "beate", state = "online"}] as Array[Dictionary])
	await input.type("hi @b, x")
	for i: int in 3:
		await input.press(KEY_LEFT)
	await input.type("e")
	var first: Button = part("Rows_Completions").get_child(0)
	check(part("Completions").visible, "the list is hidden")
	check_equal(first.text, "@Benno", "the first name")
	await input.press(KEY_TAB)
	check_equal(chatbox.draft, "hi @Benno , x", "the draft")
	await input.type("me@b")
	check(not part("Completions").visible, "an at sign in a word offers names")


func test_the_roster_shows_who_is_there_and_asks_for_it() -> void:
	await _open_roster()
	check_equal(asked.back(), "members of lobby", "what was asked")
	check_equal(
		_roster(),
		(
			["Online (2)", "ada", "ben", "    making tea", "Away (1)", "dan", "Offline (1)", "cleo"]
			as Array[String]
		),
		"the roster"
	)
	chatbox.set_presence("lobby", "ben", "away", "asleep")
	chatbox.remove_member("lobby", "cleo")
	await frames(2)
	check_equal(
		_roster(),
		["Online (1)", "ada", "Away (2)", "ben", "    asleep", "dan"] as Array[String],
		"the roster then"
	)
	var role: Texture2D = _item("dan").get_icon(1)
	check(role == Chatbox.Roster.OPERATOR, "the operator is not marked")
	chatbox.set_counts("lobby", 40, 12)
	await frames(2)
	check_equal((part("Button_Roster") as Button).text, "12", "the number in the header")
	await input.click(part("Button_Roster"))
	check(not part("Roster").visible, "the button does not close the roster")


func test_members_are_whispered_to_from_the_roster() -> void:
	await _open_roster()
	var tree_view: Tree = part("Tree_Roster")
	var rect: Rect2 = tree_view.get_item_area_rect(_item("ben"), 0)
	await input.click_at(tree_view, rect.position + Vector2(40.0, rect.size.y / 2.0))
	check_equal(
		menu_items("LineMenu"),
		["Mention ben", "Whisper to ben", "Block ben", "Report ben…"] as Array[String],
		"the menu"
	)
	await choose("LineMenu", "Whisper to ben")
	check_equal(chatbox.current_channel, "@ben", "the channel in view")
	check(not part("Roster").visible, "whispers have a roster")


func test_the_roster_can_be_used_by_keys() -> void:
	await _open_roster()
	var tree_view: Tree = part("Tree_Roster")
	tree_view.grab_focus()
	_item("cleo").select(0)
	await input.press(KEY_ENTER)
	check_equal(menu_items("LineMenu")[0], "Mention cleo", "the menu")
	(chatbox.get_node("%LineMenu") as PopupMenu).hide()
	tree_view.grab_focus()
	await input.press(KEY_ESCAPE)
	check(not part("Roster").visible, "Escape does not close the roster")
	check(line_edit.has_focus(), "the focus is not in the input")


func test_the_roster_stands_beside_the_log_where_there_is_room() -> void:
	await _open_roster()
	var log_panel: Control = part("LogPanel")
	tree.root.content_scale_mode = Window.CONTENT_SCALE_MODE_DISABLED
	await frames(3)
	check(log_panel.get_global_rect().end.x < part("Roster").global_position.x, "it covers")
	tree.root.min_size = Vector2i.ZERO
	tree.root.size = Vector2i(360, 640)
	await frames(3)
	check(log_panel.size.x > 300.0, "the log has %d px left" % log_panel.size.x)
	tree.root.content_scale_mode = Window.CONTENT_SCALE_MODE_CANVAS_ITEMS


func test_a_roster_of_a_thousand_is_no_trouble() -> void:
	await _open_roster()
	var members: Array[Dictionary] = []
	for i: int in 1000:
		members.append({username = "player%04d" % i, role = "member", state = "online", text = ""})
	chatbox.set_members("lobby", members)
	await frames(2)
	check_equal(_roster().size(), 1001, "the number of rows")
	var filled: TreeItem = (part("Tree_Roster") as Tree).get_root()
	chatbox.show_line("lobby", "ben", "hello", NOON_MS, 1)
	part("Roster").hide()
	chatbox.set_members("lobby", members)
	await frames(5)
	var now: TreeItem = (part("Tree_Roster") as Tree).get_root()
	check_equal(now, filled, "the rows that are filled anew where nobody sees them")


func test_lines_wait_while_offline_if_they_can() -> void:
	chatbox.set_online(false, "cut", false, true)
	await send("later")
	await until_written()
	check_equal(asked.back(), "say later in lobby", "what was asked")
	check_equal(shown(), 'ada says: "later"', "the log")
	check(not part("Refusal").visible, "something is told of it")
	check(part("Banner").visible, "there is no banner")
	chatbox.set_online(false, "cut")
	await send("not now")
	check_equal(chatbox.draft, "not now", "the draft when they cannot wait")


func _say_three() -> void:
	chatbox.show_line("lobby", "ben", "first", NOON_MS, 1)
	chatbox.show_line("lobby", "ada", "my line", NOON_MS, 2)
	chatbox.show_line("lobby", "cleo", "third", NOON_MS, 3)
	await until_written()


func _place_of(index: int) -> Vector2:
	return Vector2(120.0, _log.top_of_lines() + _log.get_paragraph_offset(index) + 8.0)


func _right_click(index: int) -> void:
	await input.click_at(_log, _place_of(index), MOUSE_BUTTON_RIGHT)
	await frames(1)


func _is_deletion(what: String) -> bool:
	return what.begins_with("delete")


func _offer_commands() -> void:
	var options: Array[Dictionary] = [
		{text = "/w ", label = "/w <name> <text>", hint = "Whisper"},
		{text = "/who", label = "/who", hint = "Who is here"},
		{text = "/whisper ", label = "/whisper <name> <text>", hint = "Whisper"},
	]
	chatbox.set_completions(options)


func _open_roster() -> void:
	await input.click(part("Button_Roster"))
	var members: Array[Dictionary] = [
		{username = "dan", role = "operator", state = "away", text = ""},
		{username = "ben", role = "member", state = "online", text = "making tea"},
		{username = "ada", role = "owner", state = "online", text = ""},
		{username = "cleo", role = "member", state = "offline", text = ""},
	]
	chatbox.set_members("lobby", members)
	await frames(3)


func _roster() -> Array[String]:
	var rows: Array[String] = []
	for item: TreeItem in (part("Tree_Roster") as Tree).get_root().get_children():
		rows.append(item.get_text(0))
		for below: TreeItem in item.get_children():
			rows.append("    " + below.get_text(0))
	return rows


func _item(username: String) -> TreeItem:
	for item: TreeItem in (part("Tree_Roster") as Tree).get_root().get_children():
		if item.get_metadata(0) == username:
			return item
	return null
