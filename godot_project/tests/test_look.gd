extends "res://tests/chatbox_case.gd"
## How the chatbox looks: what stands where, in whichever tab and however long the log is.


func test_the_header_keeps_its_height_in_every_tab() -> void:
	var heights: Array[float] = []
	var below: Array[float] = []
	chatbox.open_tab("trade")
	for channel: String in ["lobby", "trade", "@ben"]:
		chatbox.open_tab(channel, true)
		for count: int in [-1, 1200]:
			chatbox.set_counts(channel, count, count)
			await frames(3)
			heights.append(part("Header").size.y)
			below.append(part("TabRow").global_position.y)
	check_equal(heights.min(), heights.max(), "the lowest header")
	check_equal(below.min(), below.max(), "the place of the tabs")
	chatbox.show_channels_button = false
	chatbox.show_roster_button = false
	await frames(3)
	check_equal(part("Header").size.y, heights[0], "the header without buttons")


func test_a_short_log_stands_at_the_input() -> void:
	var chat_log: ChatLog = chatbox.get_log("lobby")
	for i: int in 3:
		chatbox.show_line("lobby", "ben", "line %d" % i, NOON_MS)
	await until_written()
	var end: float = chat_log.top_of_lines() + chat_log.get_content_height()
	check(
		absf(end - chat_log.size.y) < 4.0, "the log ends at %.1f of %.1f" % [end, chat_log.size.y]
	)
	# A click reaches the line that is seen there.
	for i: int in 3:
		var place := Vector2(40.0, chat_log.top_of_lines() + chat_log.get_paragraph_offset(i) + 8.0)
		check_equal(chat_log.line_at(place).text, "line %d" % i, "the line that is clicked")
	var clicked: Array[String] = []
	chatbox.name_clicked.connect(func(name: String) -> void: clicked.append(name))
	await input.click_at(chat_log, Vector2(20.0, chat_log.top_of_lines() + 8.0))
	check_equal(clicked, ["ben"] as Array[String], "the name that is clicked")
	check_equal(chat_log.line_at(Vector2(40.0, 10.0)), null, "the line at the upper edge")
	for i: int in 80:
		chatbox.show_line("lobby", "ben", "more %d" % i, NOON_MS)
	await until_written()
	end = chat_log.top_of_lines() + chat_log.get_content_height()
	check(absf(end - chat_log.size.y) < 4.0, "a long log ends at %.1f" % end)


func test_own_lines_and_mentions_are_marked_over_their_whole_row() -> void:
	chatbox.show_line("lobby", "ada", "short", NOON_MS)
	chatbox.show_line("lobby", "ben", "hello ada", NOON_MS)
	chatbox.show_line("lobby", "ben", "hello all", NOON_MS)
	chatbox.show_line("lobby", "ada", "gone", NOON_MS, 7)
	chatbox.delete_line("lobby", 7)
	await until_written()
	var chat_log: ChatLog = chatbox.get_log("lobby")
	var rows: Array[Rect2] = chat_log.marked_rows()
	check_equal(rows.size(), 2, "the number of marked rows")
	for row: Rect2 in rows:
		check_equal(row.position.x, 0.0, "where the row begins")
		check_equal(row.end.x, chat_log.size.x, "where the row ends")
		check(row.size.y >= 20.0, "the row is %.1f high" % row.size.y)
	check_equal(rows[0].end.y, rows[1].position.y, "the end of one and the begin of the next")
	check_equal(
		chat_log.line_at(rows[0].get_center()).text, "short", "the line of the first marked row"
	)


func test_what_is_new_is_no_error() -> void:
	var log_label: Control = chatbox.get_log("lobby")
	var fresh: Color = log_label.get_theme_color(&"unread_color", &"Chatbox")
	for item: StringName in [&"uncertain_color"]:
		check(fresh != log_label.get_theme_color(item, &"Chatbox"), "it looks like " + item)
	check(fresh != part("Label_Refusal").get_theme_color(&"font_color"), "it looks like a refusal")


func test_the_rosters_left_edges_are_one_in_any_theme() -> void:
	var members: Array[Dictionary] = [
		{username = "ben", role = "", state = "away", text = "at the fire"}
	]
	chatbox.set_members("lobby", members)
	await input.click(part("Button_Roster"))
	var wide := Theme.new()
	wide.set_constant(&"h_separation", &"Tree", 11)
	wide.set_constant(&"inner_item_margin_left", &"Tree", 5)
	wide.set_constant(&"icon_h_separation", &"Tree", 9)
	for theme: Theme in [null, wide]:
		chatbox.theme = theme
		await frames(4)
		var tree_view: Tree = part("Tree_Roster")
		var title: Label = part("Label_Roster")
		var begin: float = title.get_theme_stylebox(&"normal").get_margin(SIDE_LEFT)
		var distance: int = 0
		for item: StringName in [&"h_separation", &"inner_item_margin_left"]:
			distance += tree_view.get_theme_constant(item)
		check_equal(title.global_position.x + begin, tree_view.global_position.x + distance, "edge")
		check_equal(
			tree_view.get_theme_constant(&"item_margin"),
			10 + tree_view.get_theme_constant(&"icon_h_separation"),
			"where it is told what members say of themselves"
		)


func test_lines_read_as_in_most_chats_unless_the_designer_says_otherwise() -> void:
	var fresh: Chatbox = CHATBOX.instantiate()
	fresh.wire_to_client = false
	await add(fresh)
	fresh.show_timestamps = false
	fresh.show_line("lobby", "ben", "hello", NOON_MS)
	await frames(3)
	var text: String = fresh.get_log("lobby").get_parsed_text()
	check_equal(text, "\u2068ben\u2069: \u2068hello\u2069\n", "the line")
	for property: Dictionary in fresh.get_property_list():
		if property["name"] == "line_format":
			var choices: PackedStringArray = str(property["hint_string"]).split(",")
			check_equal(
				choices,
				PackedStringArray(["{sender}: {text}", '{sender} says: "{text}"']),
				"what the Inspector offers"
			)
			check_equal(property["hint"], PROPERTY_HINT_ENUM_SUGGESTION, "how it offers that")
