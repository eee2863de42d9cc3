extends "res://tests/chatbox_case.gd"
## What the chatbox makes of lines: own ones that wait, mentions, names, actions,
## unread ones, and many at once.

const Layout := preload("res://addons/longhall/scenes/chatbox/chat_layout.gd")

var _log: ChatLog
var _scroll: VScrollBar
var _new_messages: Button
var _refusal: Label
var _sent: Array[String] = []


func set_up() -> void:
	await super()
	chatbox.offers_channels = false
	_log = chatbox.get_node("%ChatLog")
	_scroll = _log.get_v_scroll_bar()
	_new_messages = chatbox.get_node("%Button_NewMessages")
	_refusal = chatbox.get_node("%Label_Refusal")
	chatbox.message_sent.connect(func(text: String, _channel: String) -> void: _sent.append(text))


func test_an_own_line_shows_at_once_and_is_replaced_by_its_echo() -> void:
	_show("ben", "before")
	await _send("hello")
	check_equal(shown(), 'ben says: "before"\nada says: "hello"', "the log")
	chatbox.line_accepted()
	_show("ben", "meanwhile")
	await until_written()
	check_equal(shown(), 'ben says: "before"\nben says: "meanwhile"\nada says: "hello"', "the log")
	_show("ada", "hello")
	_show("ben", "after")
	await until_written()
	check_equal(shown().count("hello"), 1, "how often the line is shown")
	check(shown().ends_with('ada says: "hello"\nben says: "after"'), "the order: " + shown())


func test_two_equal_lines_and_one_that_the_server_rewrote_are_each_shown_once() -> void:
	for text: String in ["ho", "ho", "e\u0301"]:
		await _send(text)
		chatbox.line_accepted()
	for text: String in ["ho", "ho", "\u00e9"]:
		_show("ada", text)
	await until_written()
	check_equal(shown(), 'ada says: "ho"\nada says: "ho"\nada says: "\u00e9"', "the log")


func test_a_line_from_a_script_is_shown_too() -> void:
	await _send("typed")
	_show("ada", "from a script")
	chatbox.line_accepted()
	_show("ada", "typed")
	await until_written()
	check_equal(shown(), 'ada says: "from a script"\nada says: "typed"', "the log")


func test_a_refused_line_leaves_the_log_and_comes_back_as_the_draft() -> void:
	await _send("hello")
	chatbox.line_denied("rate_limited", "", chatbox.sent_id, "", 0, 3.0)
	await until_written()
	check_equal(shown(), "", "the log")
	check_equal(line_edit.text, "hello", "the draft")
	check_equal(_refusal.text, "Not sent: Too many tries. Try again in 3 seconds", "what is told")


func test_a_line_of_unknown_fate_stays_and_can_be_sent_again() -> void:
	await _send("hello")
	chatbox.set_online(false, "cut")
	chatbox.line_denied("connection_lost", "")
	await until_written()
	check_equal(shown(), 'ada says: "hello"  (perhaps not sent)', "the log")
	check_equal(line_edit.text, "", "the draft")
	check_equal(_refusal.text, "Perhaps not sent: The connection was lost", "what is told")
	var again: Button = chatbox.get_node("%Button_SendAgain")
	check(again.disabled, "the button is open while offline")
	chatbox.set_online(true)
	await input.click(again)
	check_equal(_sent, ["hello", "hello"] as Array[String], "what was sent")
	check(not _refusal.is_visible_in_tree(), "the strip stays")
	chatbox.line_accepted()
	_show("ada", "hello")
	await until_written()
	check_equal(shown(), 'ada says: "hello"', "the log")


func test_a_line_of_unknown_fate_can_be_dismissed() -> void:
	await _send("first")
	await _send("second")
	for i: int in 2:
		chatbox.line_denied("timed_out", "")
	await until_written()
	check_equal(shown().count("perhaps not sent"), 2, "the greyed lines")
	check_equal(chatbox.unsent_text(), "first second", "all that is unsent")
	await input.click(chatbox.get_node("%Button_Dismiss") as Control)
	await until_written()
	check_equal(shown(), "", "the log")
	check(not _refusal.is_visible_in_tree(), "the strip stays")


func test_a_refused_line_and_an_uncertain_one_are_told_apart() -> void:
	await _send("uncertain")
	var uncertain: int = chatbox.sent_id
	await _send("refused")
	await input.type("draft")
	chatbox.line_denied("busy", "", chatbox.sent_id)
	chatbox.line_denied("timed_out", "", uncertain)
	var refused: String = "Not sent: The server is busy, try again in a moment\n“refused”"
	var doubted: String = "Perhaps not sent: The server did not answer in time"
	check_equal(_refusal.text, "%s\n%s" % [refused, doubted], "what is told")
	TranslationServer.set_locale("de")
	check(_refusal.text.contains("\n„refused“\n"), "the quoting in German: " + _refusal.text)
	TranslationServer.set_locale("en")
	chatbox.set_online(false, "cut")
	await input.press(KEY_ENTER)
	var offline: String = "Not sent: you are offline. Your text stays here."
	check_equal(_refusal.text, "\n".join([offline, refused, doubted]), "what is told offline")
	chatbox.set_online(true)
	check_equal(_refusal.text, "%s\n%s" % [refused, doubted], "what is told online again")
	await input.click(chatbox.get_node("%Button_SendAgain") as Control)
	check_equal(_refusal.text, refused, "what is told after sending again")
	await input.click(chatbox.get_node("%Button_Restore") as Control)
	check_equal(line_edit.text, "refused draft", "the draft")
	check(not _refusal.is_visible_in_tree(), "the strip stays")


func test_the_hint_about_being_offline_goes_with_that() -> void:
	chatbox.set_online(false, "cut")
	await _send("draft")
	check(_refusal.text.contains("you are offline"), "what is told: " + _refusal.text)
	chatbox.set_online(true)
	check(not _refusal.is_visible_in_tree(), "the hint stays: " + _refusal.text)
	chatbox.line_max_length = 3
	await input.press(KEY_ENTER)
	chatbox.set_online(false, "cut")
	chatbox.set_online(true)
	check(_refusal.text.contains("at most 3 characters"), "another hint goes: " + _refusal.text)


func test_what_was_refused_can_be_read_on_a_phone() -> void:
	await _send("uncertain")
	var uncertain: int = chatbox.sent_id
	await _send("refused")
	await input.type("draft")
	chatbox.line_denied("busy", "", chatbox.sent_id)
	chatbox.line_denied("timed_out", "", uncertain)
	var restore: Control = chatbox.get_node("%Button_Restore")
	var mode: Window.ContentScaleMode = tree.root.content_scale_mode
	tree.root.content_scale_mode = Window.CONTENT_SCALE_MODE_DISABLED
	for language: String in ["en", "de"]:
		TranslationServer.set_locale(language)
		tree.root.min_size = Vector2i.ZERO
		tree.root.size = Vector2i(360, 640)
		await frames(4)
		check(_refusal.size.x > 250.0, "%s: the text has %d px" % [language, _refusal.size.x])
		check_equal(_refusal.get_visible_line_count(), _refusal.get_line_count(), "lines in sight")
		tree.root.size = Vector2i(1152, 648)
		await frames(4)
		var shares_row: bool = restore.global_position.x > _refusal.get_global_rect().end.x
		check(shares_row, "%s: the buttons are not beside the text" % language)
	TranslationServer.set_locale("en")
	tree.root.content_scale_mode = mode


func test_accepted_lines_survive_a_cut_before_they_came_back() -> void:
	await _send("hello")
	chatbox.line_accepted()
	chatbox.settle_accepted()
	_show("ben", "after")
	await until_written()
	check_equal(shown(), 'ada says: "hello"\nben says: "after"', "the log")


func test_unanswered_lines_are_bounded() -> void:
	chatbox.max_unanswered = 3
	for i: int in 4:
		await _send("line %d" % i)
	check_equal(_sent.size(), 3, "the number of lines sent")
	check_equal(line_edit.text, "line 3", "the draft")
	check(_refusal.text.contains("too many messages wait"), "what is told: " + _refusal.text)


func test_mentions_stand_out_and_are_told() -> void:
	var mentions: Array[String] = []
	chatbox.mentioned.connect(
		func(sender: String, text: String) -> void: mentions.append(sender + ": " + text)
	)
	for text: String in [
		"Ada?", "come, @ada!", "ADA", "adam", "ramada", "ada-lovelace", "x_ada", "the ada", "adа"
	]:
		_show("ben", text)
	_show("ada", "I am ada")
	check_equal(
		mentions,
		["ben: Ada?", "ben: come, @ada!", "ben: ADA", "ben: the ada"] as Array[String],
		"the mentions"
	)
	chatbox.username = "Жанна"
	check(chatbox.mentions_me("привет, ЖАННА!"), "capitals of another script")
	check(not chatbox.mentions_me("жаннать"), "part of a word of another script")
	chatbox.username = "a+b.*"
	check(chatbox.mentions_me("hi a+b.* you"), "a name with signs")
	check(not chatbox.mentions_me("aab"), "a name read as a pattern")


func test_actions_read_as_actions() -> void:
	_show("ben", "/me waves [b]wildly[/b]")
	_show("ben", "/mean")
	_show("ben", "//me is how to act")
	await _send("/me bows")
	check_equal(_sent, ["/me bows"] as Array[String], "what was sent")
	await until_written()
	check_equal(
		shown(),
		(
			'* ben waves [b]wildly[/b]\nben says: "/mean"\n'
			+ 'ben says: "/me is how to act"\n* ada bows'
		),
		"the log"
	)


func test_a_click_on_a_name_puts_it_into_the_draft() -> void:
	var clicked: Array[String] = []
	chatbox.name_clicked.connect(func(name: String) -> void: clicked.append(name))
	await input.type("hi ")
	_show("[url=https://example.org]x[/url]", "hello")
	await until_written()
	var name_place := Vector2(30.0, _log.top_of_lines() + 12.0)
	await input.click_at(_log, name_place)
	check_equal(clicked, ["[url=https://example.org]x[/url]"] as Array[String], "the clicks")
	check_equal(line_edit.text, "hi @[url=https://example.org]x[/url] ", "the draft")
	check(line_edit.has_focus(), "the focus is not in the input")
	chatbox.insert_clicked_names = false
	await input.click_at(_log, name_place)
	check_equal(clicked.size(), 2, "the number of clicks")
	check_equal(line_edit.text, "hi @[url=https://example.org]x[/url] ", "the draft")


func test_names_can_be_chosen_without_a_mouse() -> void:
	_show("Names", "a name that is a word of the game")
	_show("cleo", "hello")
	await until_written()
	_log.grab_focus()
	await input.press(KEY_ENTER)
	var menu: PopupMenu = chatbox.get_node("%NamesMenu")
	check(menu.visible, "there is no menu")
	check_equal(menu.item_count, 2, "the number of names")
	check_equal(menu.get_item_text(0), "cleo", "who said something last")
	menu.index_pressed.emit(0)
	menu.hide()
	check_equal(line_edit.text, "@cleo ", "the draft")


func test_tab_visits_everything_in_reading_order() -> void:
	await _fill_log()
	await _send("hello")
	await input.click(_log)
	await input.press(KEY_PAGEUP)
	_show("ben", "unread")
	chatbox.line_denied("timed_out", "")
	await until_written()
	chatbox.set_online(false, "cut", true)
	await frames(2)
	line_edit.grab_focus()
	var visited: Array[String] = []
	for i: int in 8:
		await input.act(&"ui_focus_next")
		visited.append(tree.root.gui_get_focus_owner().name)
	check_equal(
		visited,
		(
			[
				"Button_Send",
				"Button_Logout",
				"Button_TryNow",
				"ChatLog",
				"Button_NewMessages",
				"Button_SendAgain",
				"Button_Dismiss",
				"LineEdit",
			]
			as Array[String]
		),
		"what Tab leads to"
	)


func test_a_gamepad_gets_in_and_out_of_the_log() -> void:
	await _fill_log()
	line_edit.unedit()
	for step: Array in [
		[&"ui_up", "ChatLog"],
		[&"ui_right", "LineEdit"],
		[&"ui_right", "Button_Send"],
		[&"ui_up", "ChatLog"],
		[&"ui_left", "Button_Logout"],
		[&"ui_down", "ChatLog"],
		[&"ui_up", "ChatLog"],
	]:
		var action: StringName = step[0]
		await input.act(action)
		var focused: String = tree.root.gui_get_focus_owner().name
		check_equal(focused, step[1], "where %s leads" % action)
	check(not _at_end(), "ui_up in the log does not scroll")
	for i: int in 2:
		await input.act(&"ui_down")
	check(_at_end(), "ui_down in the log does not scroll")
	check(line_edit.has_focus(), "ui_down does not lead out of the log")


func test_unread_lines_are_marked_and_counted() -> void:
	await _fill_log()
	await input.click(_log)
	await input.press(KEY_PAGEUP)
	_show("ben", "first unread")
	_show("cleo", "second unread")
	await until_written()
	check_equal(_new_messages.text, "2 new messages", "the button")
	check(shown().contains('New ——\nben says: "first unread"'), "no mark: " + shown().right(90))
	await input.click(_new_messages)
	await frames(3)
	check(_at_end(), "the button does not lead to the end")
	check(not _new_messages.visible, "the button stays")
	check_equal(shown().count("—— New ——"), 1, "the number of marks")
	await input.click(_log)
	await input.press(KEY_PAGEUP)
	await frames(2)
	var top: String = _line_at_top()
	_show("ben", "third unread")
	await until_written()
	check_equal(shown().count("—— New ——"), 1, "the number of marks")
	check(shown().contains('New ——\nben says: "third unread"'), "no mark: " + shown().right(90))
	check_equal(_new_messages.text, "1 new message", "the button")
	check_equal(_line_at_top(), top, "the line at the top")


func test_another_size_keeps_the_unread_lines_unread() -> void:
	await _fill_log()
	await input.click(_log)
	await input.press(KEY_PAGEUP)
	_show("ben", "unread")
	await until_written()
	for window_size: Vector2i in [Vector2i(800, 400), Vector2i(1152, 648)]:
		tree.root.size = window_size
		await frames(4)
		check(not _at_end(), "the log jumped to its end at %s" % window_size)
		check(_new_messages.visible, "the unread line is forgotten at %s" % window_size)


func test_sending_leads_to_the_end() -> void:
	await _fill_log()
	await input.click(_log)
	await input.press(KEY_PAGEUP)
	_show("ben", "unread")
	await until_written()
	await input.click(line_edit)
	await _send("hello")
	await frames(3)
	check(_at_end(), "the log is not at its end")
	check(not _new_messages.visible, "the button stays")


func test_what_is_selected_can_be_copied_while_others_talk() -> void:
	chatbox.max_lines = 30
	await _fill_log()
	_log.grab_focus()
	_log.select_all()
	var selected: String = _log.get_selected_text()
	for i: int in 20:
		_show("ben", "while selected %d" % i)
		await frames(1)
	check_equal(_log.get_selected_text(), selected, "what is selected")
	_log.deselect()
	await until_written()
	check_equal(chatbox.line_count(), 30, "the number of lines")
	check(shown().ends_with('"while selected 19"'), "the end: " + shown().right(40))
	# A selection that is forgotten does not let the log grow for ever.
	_log.select_all()
	for i: int in 200:
		_show("ben", "line %d" % i)
		if i % 10 == 0:
			await frames(1)
		check(_log.get_paragraph_count() < 70, "%d paragraphs" % _log.get_paragraph_count())


func test_what_was_copied_can_be_said() -> void:
	_show("ben", "hello")
	await until_written()
	_log.select_all()
	await _send(_log.get_selected_text())
	check_equal(_sent, ['ben says: "hello"'] as Array[String], "what was sent")


func test_copied_lines_are_pasted_as_one_with_spaces_between() -> void:
	for i: int in 2:
		_show("ben", "line %d" % i)
	await until_written()
	_log.select_all()
	await input.type("so said: x")
	line_edit.select(9, 10)
	if DisplayServer.has_feature(DisplayServer.FEATURE_CLIPBOARD):
		DisplayServer.clipboard_set(_log.get_selected_text())
		await input.press(KEY_V, true)
	else:
		chatbox.paste(_log.get_selected_text())
	await input.type("!")
	await input.press(KEY_ENTER)
	check_equal(
		_sent, ['so said: ben says: "line 0" ben says: "line 1"!'] as Array[String], "what was sent"
	)


func test_a_burst_takes_a_little_of_many_frames() -> void:
	# With each look at it, the clock moves on by a fifth of the time there is for a frame.
	var now: Array[int] = [0]
	var layout: Layout = _log.get(&"_layout")
	layout.clock = func() -> int:
		now[0] += 100
		return now[0]
	chatbox.frame_budget_ms = 0.5
	for count: int in [1_000, 10_000]:
		var laid_out: int = _log.get_paragraph_count()
		for i: int in count:
			_show("ben", "line %d: %s" % [i, "word ".repeat(10)])
		check_equal(_log.get_paragraph_count(), laid_out, "what is laid out while lines come")
		var busy_frames: int = 0
		while not _log.is_written() and busy_frames < 1_000:
			await frames(1)
			busy_frames += 1
			var more: int = _log.get_paragraph_count() - laid_out
			check(more <= 5, "%d lines were written in frame %d" % [more, busy_frames])
			laid_out = _log.get_paragraph_count()
		check(busy_frames > 5, "all was written within %d frames" % busy_frames)
		check(shown().ends_with('word "'), "the end: " + shown().right(30))
		check_equal(_log.line_count(), 500, "the number of lines")
		check(_at_end(), "the log is not at its end")


func test_lines_are_written_anew_in_another_language() -> void:
	var before: String = TranslationServer.get_locale()
	_show("ben", "hello")
	chatbox.show_notice("Reconnected")
	await until_written()
	TranslationServer.set_locale("de")
	await until_written()
	check_equal(shown(), "ben sagt: „hello“\nWieder verbunden", "the log")
	check_equal(line_edit.placeholder_text, "Say something", "the placeholder's key")
	check_equal(line_edit.tr(line_edit.placeholder_text), "Sag etwas", "the placeholder")
	TranslationServer.set_locale(before)


func _show(sender: String, text: String) -> void:
	chatbox.show_line("lobby", sender, text, NOON_MS)


func _send(text: String) -> void:
	await input.type(text)
	await input.press(KEY_ENTER)
	await until_written()


func _fill_log() -> void:
	for i: int in 60:
		_show("ben", "line %d" % i)
	await until_written()


func _at_end() -> bool:
	return _scroll.value + _scroll.page >= _scroll.max_value - 4.0


func _line_at_top() -> String:
	for i: int in _log.get_paragraph_count():
		if _log.get_paragraph_offset(i) >= _scroll.value:
			return shown().get_slice("\n", i)
	return ""
