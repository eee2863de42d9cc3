extends "res://tests/chatbox_case.gd"
## Older lines, changed ones, deleted ones and those that were left out.

var _log: ChatLog
var _scroll: VScrollBar


func set_up() -> void:
	await super()
	_log = chatbox.get_log("lobby")
	_scroll = _log.get_v_scroll_bar()


func test_a_short_log_asks_for_older_lines_until_the_screen_is_full() -> void:
	chatbox.show_line("lobby", "ben", "line 100", NOON_MS, 100)
	await until_written()
	check(not asked.has("history of lobby"), "it asks before it knows of older ones")
	chatbox.show_history("lobby", [] as Array[Dictionary], true)
	await until_written()
	check_equal(asked.count("history of lobby"), 1, "how often it asks")
	chatbox.show_history("lobby", page(98, 99), true)
	await until_written()
	check_equal(
		shown(), 'ben says: "line 98"\nben says: "line 99"\nben says: "line 100"', "the log"
	)
	check_equal(asked.count("history of lobby"), 2, "how often it asks, still not full")
	chatbox.show_history("lobby", page(50, 97), true)
	await until_written()
	check_equal(asked.count("history of lobby"), 2, "how often it asks, when full")
	check(_log.is_at_end(), "the log left its end")


func test_older_lines_come_above_without_moving_what_is_read() -> void:
	chatbox.show_history("lobby", page(901, 1000), true)
	await until_written()
	check(_log.is_at_end(), "the log is not at its end")
	var oldest: int = 901
	while oldest > 1 and failures.is_empty():
		await _scroll_up_until_asked()
		check(part("Loading").is_visible_in_tree(), "nothing tells of the loading")
		var top: String = top_line()
		oldest -= 100
		chatbox.show_history("lobby", page(oldest, oldest + 99), oldest > 1)
		await until_written()
		check_equal(top_line(), top, "the line at the top after page %d" % oldest)
		check(not part("Loading").visible, "the loading is told of for ever")
	while not _log.is_at_start():
		_log.scroll_by_pages(-1.0)
		await until_written()
	check(shown().begins_with('ben says: "line 1"\n'), "the start: " + shown().left(40))
	check_equal(asked.count("history of lobby"), 9, "how often it asked")


func test_reading_on_from_older_lines_leads_through_all_of_them() -> void:
	chatbox.show_history("lobby", page(1, 900), false)
	await until_written()
	while not _log.is_at_start():
		_log.scroll_by_pages(-3.0)
		await until_written()
	var seen: Dictionary[String, bool] = {}
	while not _log.is_at_end() and failures.is_empty():
		check(_log.get_paragraph_count() < 250, "%d are laid out" % _log.get_paragraph_count())
		for line: String in shown().split("\n"):
			seen[line] = true
		var bottom: float = _scroll.value + _scroll.page
		var index: int = 0
		while _log.get_paragraph_offset(index) < bottom - 30.0:
			index += 1
		var last: String = shown().get_slice("\n", index)
		_log.scroll_by_pages(1.0)
		await until_written()
		check(shown().contains(last), "%s was skipped" % last)
	check_equal(seen.size(), 900, "the number of lines seen")


func test_new_lines_do_not_move_a_reader_of_old_ones() -> void:
	chatbox.show_history("lobby", page(1, 900), false)
	await until_written()
	while not _log.is_at_start():
		_log.scroll_by_pages(-3.0)
		await until_written()
	_log.scroll_by_pages(1.5)
	await until_written()
	var top: String = top_line()
	for seq: int in range(901, 2400):
		chatbox.show_line("lobby", "ben", "line %d" % seq, NOON_MS, seq)
		if seq % 100 == 0:
			await until_written()
			check_equal(top_line(), top, "the line at the top after line %d" % seq)
	var new_messages: Button = part("Button_NewMessages")
	check_equal(new_messages.text, "1499 new messages", "the button")
	await input.click(new_messages)
	await until_written()
	check(_log.is_at_end(), "the button does not lead to the end")
	check(shown().ends_with('"line 2399"'), "the end: " + shown().right(30))
	check_equal(asked.back(), "read lobby to 2399", "what is read")


func test_ten_thousand_lines_are_no_trouble() -> void:
	for i: int in 100:
		chatbox.show_history("lobby", page(10_001 - (i + 1) * 100, 10_000 - i * 100), i < 99)
	await until_written()
	var steps: int = 0
	while not _log.is_at_start() and failures.is_empty():
		_log.scroll_by_pages(-1.0)
		await until_written()
		check(_log.get_paragraph_count() <= 501, "%d are laid out" % _log.get_paragraph_count())
		steps += 1
		if steps > 60:
			break
	_log.scroll_to_end()
	await until_written()
	check(shown().ends_with('"line 10000"'), "the end: " + shown().right(30))


func test_lines_kept_are_bounded() -> void:
	chatbox.max_history_lines = 600
	chatbox.max_lines = 100
	chatbox.show_history("lobby", page(901, 1000), true)
	for oldest: int in [701, 501]:
		chatbox.show_history("lobby", page(oldest, oldest + 199), true)
	await until_written()
	asked.clear()
	while not _log.is_at_start():
		_log.scroll_by_pages(-3.0)
		await until_written()
	check_equal(asked.count("history of lobby"), 1, "how often it asks below the bound")
	chatbox.show_history("lobby", page(301, 500), true)
	while not _log.is_at_start():
		_log.scroll_by_pages(-3.0)
		await until_written()
	check_equal(asked.count("history of lobby"), 1, "how often it asks beyond the bound")
	for seq: int in range(1001, 2001):
		chatbox.show_line("lobby", "ben", "line %d" % seq, NOON_MS, seq)
	_log.scroll_to_end()
	await until_written()
	check_equal(_log.line_count(), 600, "the number of lines kept")
	check(_log.get_paragraph_count() <= 201, "%d are laid out" % _log.get_paragraph_count())


func test_who_is_told_that_nothing_came_can_ask_again() -> void:
	chatbox.show_history("lobby", page(1, 5), true)
	await until_written()
	check_equal(asked.count("history of lobby"), 1, "how often it asks")
	chatbox.history_denied("lobby")
	await input.turn_wheel(_log, MOUSE_BUTTON_WHEEL_UP)
	await until_written()
	_log.scroll_by_pages(-1.0)
	check_equal(asked.count("history of lobby"), 2, "how often it asks then")


func test_lines_change_and_go_where_they_are() -> void:
	chatbox.show_history("lobby", page(1, 300), false)
	await until_written()
	chatbox.edit_line("lobby", 299, "changed [b]x[/b]")
	chatbox.delete_line("lobby", 298)
	await until_written()
	check(
		shown().ends_with(
			(
				"ben  message deleted\n"
				+ 'ben says: "changed [b]x[/b]"  (edited)\nben says: "line 300"'
			)
		),
		"the end: " + shown().right(120)
	)
	check(_log.is_at_end(), "the log left its end")
	chatbox.edit_line("lobby", 298, "not any more")
	chatbox.edit_line("lobby", 9999, "unknown")
	chatbox.edit_line("nowhere", 1, "unknown")
	await until_written()
	check(not shown().contains("not any more"), "a deleted line came back")
	_log.scroll_by_pages(-2.0)
	await until_written()
	var top: String = top_line()
	chatbox.edit_line("lobby", 225, "changed far above " + "word ".repeat(200))
	await until_written()
	check_equal(top_line(), top, "the line at the top")
	check(shown().contains("changed far above"), "the line far above is as it was")


func test_history_knows_what_was_changed_deleted_or_hidden() -> void:
	var lines: Array[Dictionary] = page(1, 4)
	lines[0].merge({hidden = true, sender = "", text = ""}, true)
	lines[1].merge({deleted = true, text = ""}, true)
	lines[2].merge({edited_at_ms = NOON_MS}, true)
	chatbox.show_history("lobby", lines, false)
	await until_written()
	check_equal(
		shown(), 'ben  message deleted\nben says: "line 3"  (edited)\nben says: "line 4"', "the log"
	)


func test_a_page_that_comes_twice_is_shown_once() -> void:
	chatbox.show_line("lobby", "ben", "line 4", NOON_MS, 4)
	for i: int in 2:
		chatbox.show_history("lobby", page(2, 4), true)
		await until_written()
	check_equal(shown(), 'ben says: "line 2"\nben says: "line 3"\nben says: "line 4"', "the log")


func test_what_was_left_out_is_told_and_can_be_looked_up() -> void:
	chatbox.show_history("lobby", page(1, 10), false)
	await send("waits")
	chatbox.show_skipped("lobby", 11, 2010)
	for seq: int in range(2011, 2061):
		chatbox.show_line("lobby", "ben", "line %d" % seq, NOON_MS, seq)
	await until_written()
	check(shown().begins_with("2000 older messages are further up\n"), shown().left(60))
	check(shown().ends_with('ada says: "waits"'), "the pending line is gone: " + shown().right(40))
	await _scroll_up_until_asked()
	chatbox.show_history("lobby", page(1911, 2010), true)
	await until_written()
	while not shown().contains('"line 2010"'):
		_log.scroll_by_pages(-0.5)
		await until_written()
	check(shown().contains('"line 2010"\nben says: "line 2011"'), "the order: " + shown())
	check(not shown().contains("further up"), "it still says that they are further up")


func test_days_join_where_older_lines_come() -> void:
	chatbox.show_timestamps = true
	var day_ms: int = 86_400_000
	var lines: Array[Dictionary] = page(1, 6)
	for i: int in 6:
		lines[i]["sent_at_ms"] = NOON_MS + floori(i / 2.0) * day_ms
	chatbox.show_history("lobby", lines.slice(3), true)
	await until_written()
	chatbox.show_history("lobby", lines.slice(0, 3), false)
	await until_written()
	var clock := RegEx.create_from_string("(?m)^\\d\\d:\\d\\d  ")
	var plain: String = clock.sub(shown(), "", true)
	var date := RegEx.create_from_string("—— [0-9-]+ ——")
	check_equal(
		date.sub(plain, "DAY", true),
		(
			'DAY\nben says: "line 1"\nben says: "line 2"\nDAY\nben says: "line 3"\n'
			+ 'ben says: "line 4"\nDAY\nben says: "line 5"\nben says: "line 6"'
		),
		"the log"
	)


func test_who_comes_and_goes_shares_a_quiet_line() -> void:
	chatbox.open_tab("trade")
	for name: String in ["ben", "cleo", "dan", "eve", "fay"]:
		chatbox.show_member_notice("trade", "joined", name)
	chatbox.show_member_notice("trade", "left", "gus")
	await until_written("trade")
	check_equal(shown("trade"), "ben, cleo and 3 others joined · gus left", "the line")
	chatbox.show_member_notice("trade", "left", "dan")
	chatbox.show_member_notice("trade", "left", "ben")
	await until_written("trade")
	check_equal(shown("trade"), "cleo, eve and fay joined · gus left", "when some went again")
	chatbox.show_line("trade", "cleo", "hello", NOON_MS, 1)
	chatbox.show_member_notice("trade", "left", "cleo")
	chatbox.show_member_notice("trade", "joined", "cleo")
	await until_written("trade")
	check_equal(
		shown("trade").split("\n", true, 1)[1].trim_prefix("—— New ——\n"),
		'cleo says: "hello"',
		"what stands behind"
	)
	await frames(2)
	check_equal(tabs()[1], "trade 1", "the tab")
	chatbox.show_member_changes = false
	chatbox.show_member_notice("trade", "left", "eve")
	await until_written("trade")
	check(not shown("trade").contains("eve left"), "it is told although it is not wanted")


func test_own_lines_settle_by_their_number() -> void:
	await send("one")
	var first: int = chatbox.sent_id
	await send("two")
	chatbox.show_line("lobby", "ada", "two, as the server wrote it", NOON_MS, 2)
	chatbox.line_accepted(chatbox.sent_id, 2)
	chatbox.line_accepted(first, 1)
	await until_written()
	check_equal(
		shown(), 'ada says: "two, as the server wrote it"\nada says: "one"', "with one to come"
	)
	chatbox.show_line("lobby", "ada", "one, as the server wrote it", NOON_MS, 1)
	await until_written()
	check_equal(shown().count("one"), 1, "how often the other is shown")


func _scroll_up_until_asked() -> void:
	var before: int = asked.count("history of lobby")
	for i: int in 200:
		if asked.count("history of lobby") > before:
			await frames(2)
			return
		_log.scroll_by_pages(-0.5)
		await until_written()
	check(false, "it does not ask for older lines")
