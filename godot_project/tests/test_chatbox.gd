extends "res://tests/chatbox_case.gd"
## The chatbox alone, with a player's mouse and keyboard.

var _log: ChatLog
var _scroll: VScrollBar
var _send: Button
var _new_messages: Button
var _refusal: Label
var _sent: Array[String] = []


func set_up() -> void:
	await super()
	chatbox.offers_channels = false
	_log = chatbox.get_node("%ChatLog")
	_scroll = _log.get_v_scroll_bar()
	_send = chatbox.get_node("%Button_Send")
	_new_messages = chatbox.get_node("%Button_NewMessages")
	_refusal = chatbox.get_node("%Label_Refusal")
	chatbox.message_sent.connect(func(text: String, _channel: String) -> void: _sent.append(text))


func test_a_line_reads_as_in_the_lesson() -> void:
	chatbox.show_line("lobby", "ada", "hello", NOON_MS)
	chatbox.show_line("lobby", "bo", "hi", NOON_MS)
	await frames(2)
	check_equal(shown(), 'ada says: "hello"\nbo says: "hi"', "the log")


func test_bbcode_stays_text() -> void:
	for text: String in [
		"[b]x[/b]", "[img]res://icon.svg[/img]", "[url=x]y[/url]", "[lb]", "{sender}"
	]:
		chatbox.show_line("lobby", "[i]eve[/i]", text, NOON_MS)
		await frames(1)
		var last: String = shown().get_slice("\n", chatbox.line_count() - 1)
		check_equal(last, '[i]eve[/i] says: "%s"' % text, "the line")


func test_text_cannot_break_out_of_its_line() -> void:
	chatbox.show_line("lobby", "eve", 'a\nbo says: "b"\r\u2028c\t\u0001d', NOON_MS)
	await frames(1)
	check_equal(_line_paragraphs(), 1, "the number of lines")
	check(not shown().contains("\n"), "a line break came through")


func test_text_cannot_turn_its_neighbours_around() -> void:
	chatbox.show_line("lobby", "e\u202eve", "\u2067abc\u202e def", NOON_MS)
	await frames(1)
	var raw: String = _log.get_parsed_text()
	check(not raw.contains("\u202e") and not raw.contains("\u2067"), "an override came through")
	check_equal(raw, '\u2068eve\u2069 says: "\u2068abc def\u2069"\n', "the line")


func test_the_format_is_the_designers() -> void:
	chatbox.line_format = "<{sender}> {text} {x} {sender}"
	chatbox.show_line("lobby", "bo", "hi {text}", NOON_MS)
	await frames(1)
	check_equal(shown(), "<bo> hi {text} {x} bo", "the line")


func test_lines_show_their_time_and_days_stand_between_them() -> void:
	chatbox.show_timestamps = true
	var now_ms: int = int(Time.get_unix_time_from_system() * 1000.0)
	chatbox.show_line("lobby", "bo", "then", NOON_MS)
	chatbox.show_line("lobby", "bo", "a minute later", NOON_MS + 60_000)
	chatbox.show_line("lobby", "bo", "yesterday", now_ms - 86_400_000)
	chatbox.show_line("lobby", "bo", "now", now_ms)
	await until_written()
	var clock := RegEx.create_from_string("(?m)^\\d\\d:\\d\\d  ")
	var lines: PackedStringArray = clock.sub(shown(), "", true).split("\n")
	var date := RegEx.create_from_string("^—— 2023-11-1\\d ——$")
	check(date.search(lines[0]) != null, "no date: " + shown())
	lines.remove_at(0)
	check_equal(
		lines,
		PackedStringArray(
			[
				'bo says: "then"',
				'bo says: "a minute later"',
				"—— Yesterday ——",
				'bo says: "yesterday"',
				"—— Today ——",
				'bo says: "now"',
			]
		),
		"the log"
	)
	chatbox.show_timestamps = false
	await until_written()
	check_equal(_line_paragraphs(), 4, "the number of lines without times")


func test_only_the_latest_lines_are_kept() -> void:
	chatbox.max_lines = 50
	for i: int in 180:
		chatbox.show_line("lobby", "bo", "line %d" % i, NOON_MS)
		if i % 7 == 0:
			await frames(1)
	await until_written()
	check_equal(chatbox.line_count(), 50, "the number of lines")
	check_equal(_line_paragraphs(), 50, "the number of paragraphs")
	check(shown().begins_with('bo says: "line 130"'), "starts with " + shown().left(30))
	check(shown().ends_with('bo says: "line 179"'), "ends with " + shown().right(30))
	check(_at_end(), "the log is not at its end")


func test_a_thousand_lines_at_once_are_no_trouble() -> void:
	for burst: int in 2:
		for i: int in 1000:
			chatbox.show_line("lobby", "bo", "line %d: %s" % [i, "word ".repeat(10)], NOON_MS)
		await until_written()
		check(shown().contains('bo says: "line 999:'), "ends with " + shown().right(90))
		check(_at_end(), "the log is not at its end")
		check_equal(chatbox.line_count(), 500, "the number of lines")
		# A line costs the more the more are laid out.
		check(_line_paragraphs() <= 200, "%d are laid out" % _line_paragraphs())
		while not _log.is_at_start() and failures.is_empty():
			_log.scroll_by_pages(-3.0)
			await until_written()
		check(shown().begins_with('bo says: "line 500:'), "starts with " + shown().left(30))
		_log.scroll_to_end()
		await until_written()
		check(_at_end(), "the log is not at its end again")


func test_no_bound_can_be_crossed_from_a_script() -> void:
	for bound: int in [0, -1, -1000]:
		chatbox.max_lines = bound
		chatbox.line_max_length = bound
		chatbox.max_unanswered = bound
		chatbox.frame_budget_ms = bound
		await _say_lines(3)
		check_equal(chatbox.line_count(), 1, "the number of lines with %d" % bound)
	await _send_line("x")
	check_equal(_sent, ["x"] as Array[String], "what was sent")


func test_the_log_follows_a_reader_at_the_end() -> void:
	await _say_lines(60)
	check(_at_end(), "the log is not at its end")
	check(not _new_messages.visible, "the button shows although everything is seen")
	tree.root.size = Vector2i(800, 500)
	await frames(4)
	check(_at_end(), "the log left its end with the window's size")


func test_the_log_stays_put_for_a_reader_further_up() -> void:
	await _say_lines(60)
	await input.click(_log)
	await input.press(KEY_PAGEUP)
	await frames(2)
	var place: float = _scroll.value
	check(not _at_end(), "PageUp did not scroll")
	await _say_lines(5)
	check_equal(_scroll.value, place, "the scroll position")
	check(_new_messages.is_visible_in_tree(), "nothing tells about new messages")
	await input.click(_new_messages)
	await frames(2)
	check(_at_end(), "the button does not lead to the end")
	check(not _new_messages.visible, "the button stays")
	await _say_lines(1)
	check(_at_end(), "the log does not follow again")


func test_old_lines_leaving_do_not_move_what_is_read() -> void:
	chatbox.max_lines = 90
	await _say_lines(90)
	_scroll.value = _scroll.max_value - _scroll.page * 1.5
	await frames(2)
	for count: int in [10, 1, 30]:
		var top: String = _line_at_top()
		await _say_lines(count)
		check_equal(_line_at_top(), top, "the line at the top after %d more" % count)
		check(not _at_end(), "the log jumped to its end after %d more" % count)


func test_page_keys_scroll_while_typing() -> void:
	await _say_lines(60)
	await input.click(line_edit)
	await input.press(KEY_PAGEUP)
	check(not _at_end(), "PageUp did not scroll")
	check(line_edit.has_focus(), "the focus left the input")
	for i: int in 3:
		await input.press(KEY_PAGEDOWN)
	check(_at_end(), "PageDown did not scroll")


func test_enter_sends_and_stays() -> void:
	await input.type(" hello ")
	await input.press(KEY_ENTER)
	await input.type("again")
	await input.press(KEY_ENTER)
	check_equal(_sent, ["hello", "again"] as Array[String], "what was sent")
	check_equal(line_edit.text, "", "the input")
	check(line_edit.has_focus(), "the focus left the input")


func test_a_paused_game_goes_on_talking() -> void:
	tree.paused = true
	await input.click(line_edit)
	await input.type("hello")
	await input.click(_send)
	chatbox.show_line("lobby", "bo", "hi", NOON_MS)
	await until_written()
	tree.paused = false
	check_equal(_sent, ["hello"] as Array[String], "what was sent")
	check(shown().contains('bo says: "hi"'), "the log: " + shown())


func test_the_button_sends_too() -> void:
	await input.type("hello")
	await input.click(_send)
	check_equal(_sent, ["hello"] as Array[String], "what was sent")
	await input.type("x")
	check_equal(line_edit.text, "x", "the input")


func test_nothing_is_sent_for_blank_text() -> void:
	await input.type("   ")
	await input.press(KEY_ENTER)
	await input.click(_send)
	check(_sent.is_empty(), "something was sent")


func test_escape_leaves_and_enter_comes_back() -> void:
	await input.type("hel")
	await input.press(KEY_ESCAPE)
	check(not line_edit.has_focus(), "the focus stays")
	await input.type("zz")
	check_equal(line_edit.text, "hel", "the draft")
	await input.press(KEY_ENTER)
	check(line_edit.has_focus(), "the focus does not come back")
	check(_sent.is_empty(), "coming back sent the draft")
	await input.type("lo")
	check_equal(line_edit.text, "hello", "the draft")


func test_a_refused_line_comes_back() -> void:
	await _send_line("hello")
	chatbox.line_denied("rate_limited", "Too many tries, wait a moment")
	await frames(1)
	check_equal(line_edit.text, "hello", "the draft")
	check_equal(line_edit.caret_column, 5, "the caret")
	check(_refusal.is_visible_in_tree(), "nothing says why")
	check_equal(_refusal.text, "Not sent: Too many tries, wait a moment", "the reason")
	await input.press(KEY_ENTER)
	check_equal(_sent.size(), 2, "the number of tries")
	check(not _refusal.is_visible_in_tree(), "the reason stays")


func test_a_refused_line_waits_beside_a_new_draft() -> void:
	await _send_line("first")
	await _send_line("second")
	await _send_line("third")
	await input.type("draft")
	chatbox.line_denied("busy", "The server is busy")
	chatbox.line_accepted()
	chatbox.line_denied("busy", "The server is busy")
	await frames(2)
	check_equal(line_edit.text, "draft", "the draft")
	check(_refusal.text.contains("first"), "the text is not shown: " + _refusal.text)
	check_equal(chatbox.unsent_text(), "first third draft", "all that is unsent")
	var restore: Button = chatbox.get_node("%Button_Restore")
	await input.click(restore)
	check_equal(line_edit.text, "first draft", "the draft")
	await frames(1)
	await input.click(restore)
	check_equal(line_edit.text, "third first draft", "the draft")
	check(not _refusal.is_visible_in_tree(), "the strip stays")


func test_offline_keeps_the_draft_and_says_why() -> void:
	await input.type("hel")
	chatbox.set_online(false, "No connection. Next try in 3 seconds.")
	await frames(1)
	var banner: Label = chatbox.get_node("%Label_Banner")
	check(banner.is_visible_in_tree(), "there is no banner")
	check_equal(banner.text, "No connection. Next try in 3 seconds.", "the banner")
	await input.type("lo")
	await input.press(KEY_ENTER)
	await input.click(_send)
	check(_sent.is_empty(), "something was sent")
	check_equal(line_edit.text, "hello", "the draft")
	check(_refusal.text.begins_with("Not sent: you are offline"), "the reason: " + _refusal.text)
	chatbox.set_online(true)
	await frames(1)
	check(not banner.is_visible_in_tree(), "the banner stays")
	await input.press(KEY_ENTER)
	check_equal(_sent, ["hello"] as Array[String], "what was sent")


func test_the_counter_shows_near_the_limit_and_too_much_is_not_sent() -> void:
	chatbox.line_max_length = 20
	var counter: Label = chatbox.get_node("%Label_Counter")
	await input.type("x".repeat(15))
	check(not counter.visible, "the counter shows too early")
	await input.type("x")
	check(counter.visible, "the counter does not show")
	check_equal(counter.text, "16/20", "the counter")
	await input.type("x".repeat(5))
	check_equal(counter.theme_type_variation, &"StatusError", "its look")
	check(_send.disabled, "the button stays open")
	await input.press(KEY_ENTER)
	check(_sent.is_empty(), "too long a line was sent")
	check(_refusal.text.contains("20 characters"), "the reason: " + _refusal.text)
	check_equal(line_edit.text.length(), 21, "the draft's length")
	await input.press(KEY_BACKSPACE)
	await input.press(KEY_ENTER)
	check_equal(_sent.size(), 1, "the number of lines sent")


func test_names_keep_their_colour_and_can_be_read() -> void:
	var log_style: StyleBoxFlat = _log.get_theme_stylebox(&"panel", &"LogPanel")
	for color: Color in chatbox.sender_colors:
		check(_contrast(color, log_style.bg_color) >= 4.5, "%s is hard to read" % color)
	var own: Color = chatbox.get_theme_color(&"own_name_color", &"Chatbox")
	var own_back: Color = chatbox.get_theme_color(&"own_background_color", &"Chatbox")
	check(_contrast(own, own_back) >= 4.5, "the own name is hard to read")
	for color: Color in chatbox.sender_colors:
		var is_near: bool = absf(color.h - own.h) < 0.02 and absf(color.s - own.s) < 0.1
		check(not is_near, "%s looks like the own name's" % color.to_html(false))


func test_log_out_asks_the_parent() -> void:
	var told := {times = 0}
	chatbox.logout_requested.connect(func() -> void: told.times += 1)
	var logout: Button = chatbox.get_node("%Button_Logout")
	await input.click(logout)
	check_equal(told.times, 1, "the number of requests")


func test_everything_fits_on_a_small_screen() -> void:
	tree.root.size = Vector2i(360, 640)
	chatbox.set_online(false, "No connection to the server. Next try in 12 seconds.")
	await input.type("draft")
	chatbox.show_line("lobby", "bo", "x".repeat(500), NOON_MS)
	await _send_line("")
	await frames(4)
	var screen := Rect2(Vector2.ZERO, tree.root.get_visible_rect().size)
	var logout: Button = chatbox.get_node("%Button_Logout")
	for control: Control in [line_edit, _send, _log, logout]:
		var fits: bool = screen.encloses(control.get_global_rect())
		check(fits, "%s does not fit" % control.name)
	check(_log.get_content_width() <= _log.size.x, "a long word is wider than the log")


func test_numbers_of_lines_go_on_from_what_a_game_has_set() -> void:
	chatbox.sent_id = 41
	await input.click(line_edit)
	await send("Hello")
	check_equal(chatbox.sent_id, 42, "the number")


func test_a_chatbox_that_moves_out_of_sight_reads_nothing() -> void:
	check(chatbox.get_log("").is_attended, "the log in sight is not attended")
	var closed := Control.new()
	closed.hide()
	await add(closed)
	chatbox.get_parent().remove_child(chatbox)
	closed.add_child(chatbox)
	await frames(2)
	check(not chatbox.get_log("").is_attended, "the log is attended though nobody sees it")


func _say_lines(count: int) -> void:
	for i: int in count:
		chatbox.show_line("lobby", "bo", "line %d" % randi(), NOON_MS)
	await until_written()


func _send_line(text: String) -> void:
	await input.type(text)
	await input.press(KEY_ENTER)


func _at_end() -> bool:
	return _scroll.value + _scroll.page >= _scroll.max_value - 4.0


func _line_at_top() -> String:
	for i: int in _log.get_paragraph_count():
		if _log.get_paragraph_offset(i) >= _scroll.value:
			return shown().get_slice("\n", i)
	return ""


# The last one is empty: every line ends its own.
func _line_paragraphs() -> int:
	return _log.get_paragraph_count() - 1


# WCAG 2, "contrast ratio".
static func _contrast(a: Color, b: Color) -> float:
	var lighter: float = maxf(
		a.srgb_to_linear().get_luminance(), b.srgb_to_linear().get_luminance()
	)
	var darker: float = minf(a.srgb_to_linear().get_luminance(), b.srgb_to_linear().get_luminance())
	return (lighter + 0.05) / (darker + 0.05)
