extends "res://tests/wiring_case.gd"
## The server comes back with another database while a chat is open: nothing of the old
## one may hide, be taken for, or be changed by what is in the new one.

var _ada: NetworkClient
var _ben: NetworkClient


func set_up() -> void:
	super()
	_server.add_account("cleo", PASSWORD)
	_chatbox.show_timestamps = false
	_ada = _client()
	_ben = _client()
	await _open(_ada)
	await add(_ben)
	await _log_in(_ben, "ben")
	await _log_in(_ada, "ada")
	for i: int in 10:
		await _ben.send_chat("old %d" % i).completed
	await _until_shown("ben: old 9")


func test_after_a_fresh_database_only_what_is_in_that_is_shown_and_changed() -> void:
	await _wipe()
	_add_accounts()
	await _log_in(_ben, "ben")
	for i: int in 3:
		await _ben.send_chat("fresh %d" % i).completed
	await _log_in(_ada, "ada")
	await _until_shown("fresh 2")
	check_equal(_said(), "ben: fresh 0\nben: fresh 1\nben: fresh 2", "the log")
	await _ben.edit_line("lobby", 2, "EDITED 1").completed
	await _ben.delete_line("lobby", 1).completed
	await _ben.send_chat("live").completed
	await _until_shown("live")
	await input.type("my own answer")
	await input.press(KEY_ENTER)
	await wait_until(func() -> bool: return _chatbox.get_log("").pending_count() == 0, "the echo")
	await _until_shown("my own answer")
	check_equal(
		_said(),
		(
			"ben  message deleted\nben: EDITED 1  (edited)\nben: fresh 2\nben: live\n"
			+ "ada: my own answer"
		),
		"the log after changes"
	)
	check_equal(_server.get_said()[-1], "my own answer", "what was said last")


func test_after_a_log_out_the_old_lines_are_gone_too() -> void:
	_ada.logout()
	await frames(3)
	await _wipe()
	_add_accounts()
	await _log_in(_ben, "ben")
	await _ben.send_chat("fresh").completed
	await _log_in(_ada, "ada")
	await _until_shown("fresh")
	check_equal(_said(), "ben: fresh", "the log")


func test_what_the_player_has_typed_stays() -> void:
	await _ada.send_chat("mine").completed
	await _until_shown("mine")
	_server.say("ben", "psst", "@ada")
	_server.say("cleo", "hey", "@ada")
	await wait_until(func() -> bool: return _chatbox.channels().size() == 3, "the whispers")
	_chatbox.current_channel = "@ben"
	await input.type("between us")
	_chatbox.current_channel = "lobby"
	await input.type("half a draft")
	_chatbox.get_node("%Actions").call(&"_on_line_edit_edit_last_wanted")
	check_equal(_chatbox.draft, "mine", "the line that is changed")
	await input.type(" and more")
	await _wipe()
	_add_accounts()
	await _log_in(_ben, "ben")
	await _ben.send_chat("fresh").completed
	await _log_in(_ada, "ada")
	await _until_shown("fresh")
	check_equal(_said(), "ben: fresh", "the log")
	check_equal(_chatbox.draft, "half a draft mine and more", "the draft")
	var strip: Control = _chatbox.get_node("%EditStrip")
	check(not strip.visible, "a line that is no more is still being changed")
	check_equal(_chatbox.channels(), ["lobby", "@ben"] as Array[String], "the tabs")
	_chatbox.current_channel = "@ben"
	await frames(3)
	check_equal(_chatbox.draft, "between us", "the draft of the whispers")
	check_equal(_said("@ben"), "", "what is left of the whispers")


func test_nothing_can_be_done_with_a_line_that_is_no_more() -> void:
	await _ada.send_chat("mine").completed
	await _until_shown("mine")
	_chatbox.get_node("%Actions").call(&"_on_line_edit_menu_wanted")
	var menu: PopupMenu = _chatbox.get_node("%LineMenu")
	check(menu.visible, "there is no menu")
	await _wipe(true)
	await wait_until(_ada.is_logged_in, "the automatic login")
	await frames(3)
	check(not menu.visible, "the menu of the old line stays")


func test_an_older_state_that_knows_the_player_begins_anew_and_takes_what_waits() -> void:
	_server.message_of_the_day = "Welcome"
	_server.is_reachable = false
	_server.close_in(0.0, "connection_lost")
	await wait_until(func() -> bool: return not _ada.is_logged_in(), "the cut")
	await input.type("does anybody hear me?")
	await input.press(KEY_ENTER)
	await _until_shown("does anybody hear me?")
	_server.wipe(true)
	_server.is_reachable = true
	for client: NetworkClient in [_ben, _ada]:
		client.retry_now()
		await wait_until(client.is_logged_in, "the automatic login")
	await wait_until(func() -> bool: return _server.get_said().size() > 0, "the line that waits")
	await _ben.send_chat("yes").completed
	await _until_shown("yes")
	var said: String = _said()
	check(not said.contains("old"), "old lines stay: " + said)
	check_equal(said.count("does anybody hear me?"), 1, "how often the own line is shown")
	check_equal(_chatbox.get_log("").pending_count(), 0, "the lines that wait")
	check(_chatbox.visible, "the chatbox is gone")


func test_counts_rosters_and_marks_begin_anew() -> void:
	_chatbox.hide()
	for i: int in 4:
		await _ben.send_chat("unseen %d" % i).completed
	await wait_until(func() -> bool: return _chatbox.get_log("").unread_count() > 0, "the count")
	_chatbox.show()
	await input.click(_chatbox.get_node("%Button_Roster") as Control)
	var tree_view: Tree = _chatbox.get_node("%Tree_Roster")
	await wait_until(func() -> bool: return _roster(tree_view).has("ben"), "the roster")
	_server.add_account("dora", PASSWORD)
	await _wipe()
	_server.add_account("ada", PASSWORD)
	_chatbox.hide()
	await _log_in(_ada, "ada")
	await wait_until(func() -> bool: return ",".join(_roster(tree_view)) == "ada", "the new roster")
	check_equal(_chatbox.get_log("").unread_count(), 0, "the lines that are missed")
	check_equal(_said(), "", "the log")


func _add_accounts() -> void:
	for name: String in ["ada", "ben", "cleo"]:
		_server.add_account(name, PASSWORD)


# The nodes come back at once.
func _wipe(keep_accounts: bool = false) -> void:
	_server.wipe(keep_accounts)
	await wait_until(func() -> bool: return not _ada.is_logged_in(), "the cut")
	for client: NetworkClient in [_ada, _ben]:
		if client.state == NetworkClient.STATE_RECONNECTING:
			client.retry_now()


func _until_shown(text: String) -> void:
	if not await wait_until(func() -> bool: return _said().contains(text), "the line " + text):
		check_equal(_said(), text, "the log")


# What somebody said, without notices and who comes and goes.
func _said(channel: String = "") -> String:
	var chat: ChatLog = _chatbox.get_log(channel)
	var text: String = chat.get_parsed_text().replace("\u2068", "").replace("\u2069", "")
	var said: PackedStringArray = []
	for line: String in text.split("\n", false):
		if line.contains(": ") or line.contains("deleted"):
			said.append(line)
	return "\n".join(said)


func _roster(tree_view: Tree) -> Array[String]:
	var names: Array[String] = []
	if tree_view.get_root() != null:
		for item: TreeItem in tree_view.get_root().get_children():
			if item.get_metadata(0) != null:
				names.append(str(item.get_metadata(0)))
	return names
