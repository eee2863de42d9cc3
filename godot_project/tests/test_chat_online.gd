extends "res://tests/game_case.gd"
## Channels, whispers, older lines, rosters and commands in a game without a script, with
## another player on a real server.

var _ada: String
var _bo: NetworkClient


func test_a_channel_is_joined_talked_in_and_left_by_commands() -> void:
	var channel: String = await _play_with_channel("den")
	await _send("/join " + channel)
	await _until_in(channel)
	_bo.send_chat("Welcome!", channel)
	await _until_shown('%s says: "Welcome!"' % _bo.username)
	await _send("/me bows")
	await _until_shown("* %s bows" % _ada)
	await input.press(KEY_TAB, true)
	check_equal(_chatbox().current_channel, "lobby", "the channel in view")
	_bo.send_chat("Are you there, %s?" % _ada, channel)
	await wait_until(func() -> bool: return _tab(channel) == channel + " @ 1", "the mention")
	check_equal(game.client.get_channel(channel)["unread"], 1, "what the server counts")
	await input.press(KEY_TAB, true)
	await wait_until(
		func() -> bool: return game.client.get_channel(channel)["unread"] == 0, "it is read"
	)
	await _until_shown("—— New ——\n%s says" % _bo.username)
	await _send("/leave")
	await wait_until(func() -> bool: return not _has_tab(channel), "the tab to go")
	check_equal(_chatbox().current_channel, "lobby", "the channel in view then")


func test_whispers_have_a_tab_of_their_own() -> void:
	await _play_with_channel("")
	_bo.send_chat("psst", "@" + _ada)
	var whispers: String = "@" + _bo.username
	await wait_until(func() -> bool: return _has_tab(whispers), "the tab")
	check_equal(_tab(whispers), whispers + " 1", "the tab")
	check(not game.chat_log().contains("psst"), "the lobby shows it")
	var heard: Array[String] = _listen(_bo)
	await _send("/w %s loud and clear" % _bo.username)
	await _until_in(whispers)
	await _until_shown('%s says: "psst"' % _bo.username)
	await _send("and now?")
	await wait_until(func() -> bool: return heard.size() == 2, "both answers")
	check_equal(
		heard, ["@%s loud and clear" % _ada, "@%s and now?" % _ada] as Array[String], "the answers"
	)
	_chatbox().close_tab(whispers)
	check(not _has_tab(whispers), "the tab stays")
	_bo.send_chat("more", "@" + _ada)
	await wait_until(func() -> bool: return _has_tab(whispers), "the tab again")
	_chatbox().current_channel = whispers
	await _until_shown('%s says: "more"' % _bo.username)
	check(_shown().contains("psst"), "what was whispered before is gone")


func test_older_lines_come_in_order_while_scrolling_up() -> void:
	var channel: String = await _play_with_channel("tales")
	for i: int in 260:
		var said: NetworkRequest = _bo.send_chat("tale %d." % i, channel)
		if i % 20 == 19:
			await said.completed
	await _send("/join " + channel)
	await _until_in(channel)
	await _until_shown("tale 259.")
	var chat_log: ChatLog = _chatbox().get_log(channel)
	check(not _shown().contains("tale 0."), "all came at once")
	for i: int in 100:
		if chat_log.is_at_start() and not chat_log.has_more:
			break
		chat_log.scroll_by_pages(-1.0)
		await frames(4)
		await wait_until(func() -> bool: return not chat_log.is_loading, "a page")
	await wait_until(func() -> bool: return _shown().contains("tale 0."), "the first line")
	var expected: int = 0
	while not chat_log.is_at_end() and failures.is_empty():
		for line: String in _shown().split("\n"):
			if line.contains("tale %d." % expected):
				expected += 1
		chat_log.scroll_by_pages(1.0)
		await frames(4)
	for line: String in _shown().split("\n"):
		if line.contains("tale %d." % expected):
			expected += 1
	check_equal(expected, 260, "the lines in order")


func test_an_own_line_is_changed_and_deleted_for_everybody() -> void:
	await _play_with_channel("")
	var changes: Array[String] = []
	_bo.chat_edited.connect(
		func(_channel: String, _seq: int, text: String) -> void: changes.append(text)
	)
	_bo.chat_deleted.connect(func(_channel: String, _seq: int) -> void: changes.append("gone"))
	await _send("Helo")
	await _until_shown('%s says: "Helo"' % _ada)
	await wait_until(func() -> bool: return _log().last_own_line() != null, "its number")
	await input.press(KEY_UP)
	await input.press(KEY_A, true)
	await _send("Hello")
	await _until_shown('%s says: "Hello"  (edited)' % _ada)
	await input.press(KEY_MENU)
	await _choose("Delete")
	await _choose("Delete")
	await _until_shown("%s  message deleted" % _ada)
	await wait_until(func() -> bool: return changes.size() == 2, "the changes at bo's")
	check_equal(changes, ["Hello", "gone"] as Array[String], "the changes at bo's")


func test_the_roster_knows_who_is_there_and_what_they_say() -> void:
	var channel: String = await _play_with_channel("den")
	await _send("/join " + channel)
	await _until_in(channel)
	await input.click(game.control("Button_Roster"))
	await wait_until(func() -> bool: return _roster().has(_bo.username), "bo in the roster")
	check(_roster().has(_ada), "ada is not in the roster")
	_bo.set_presence("away", "making tea")
	await wait_until(
		func() -> bool: return _roster().slice(-2) == ["Away (1)", _bo.username], "bo's tea"
	)
	_bo.leave_channel(channel)
	await wait_until(func() -> bool: return not _roster().has(_bo.username), "bo's leaving")
	await _until_shown("%s left" % _bo.username)


func test_channels_are_found_and_created_in_the_menu() -> void:
	var channel: String = await _play_with_channel("vault", "password", "sesame")
	await input.click(game.control("Button_Channels"))
	await wait_until(func() -> bool: return _row_of(channel) != null, "the list")
	await input.type(channel)
	await frames(2)
	await input.click(_row_of(channel))
	await input.type("wrong")
	await input.press(KEY_ENTER)
	var status: Label = game.control("Label_ChannelStatus")
	await wait_until(status.is_visible_in_tree, "the refusal")
	await input.press(KEY_A, true)
	await input.type("sesame")
	await input.press(KEY_ENTER)
	await _until_in(channel)
	check(not game.control("ChannelMenu").visible, "the menu stays")
	var bears: String = unique("bears")
	await input.click(game.control("Button_Channels"))
	await input.type(bears.capitalize().replace(" ", ""))
	await input.click(game.control("Button_Create"))
	await input.click(game.control("Button_Create"))
	await wait_until(func() -> bool: return _chatbox().current_channel.begins_with("bears"), "it")


func test_commands_answer_or_say_why_not() -> void:
	await _play_with_channel("")
	await _send("/who")
	await _until_shown("Here: ")
	check(_shown().contains(_bo.username), "who is here: " + _shown())
	await _send("/help join")
	await _until_shown("/join CHANNEL [PASSWORD]")
	await _send("/nonsense")
	await wait_until(func() -> bool: return game.label("Label_Refusal") != "", "the refusal")
	check(game.label("Label_Refusal").contains("/nonsense"), game.label("Label_Refusal"))
	check_equal(_chatbox().draft, "/nonsense", "the draft")
	await input.press(KEY_A, true)
	await input.type("/who")
	check(game.control("Completions").visible, "nothing is offered")
	await input.press(KEY_A, true)
	await input.type("/w " + _bo.username.left(4))
	await input.press(KEY_TAB)
	check_equal(_chatbox().draft, "/w %s " % _bo.username, "the completed name")


func test_a_blocked_player_is_not_heard() -> void:
	await _play_with_channel("")
	await _send("/block " + _bo.username)
	await _until_shown("/block " + _bo.username)
	await _bo.send_chat("can you hear me?").completed
	await _send("/unblock " + _bo.username)
	await _until_shown("/unblock " + _bo.username)
	await _bo.send_chat("and now?").completed
	await _until_shown("and now?")
	var blocked: String = _bo.username + ' says: "can you'
	check(not _shown().contains(blocked), "the blocked line is shown")


func test_lines_said_during_a_cut_arrive_once_when_it_is_over() -> void:
	if not server_control.exists():
		return
	var channel: String = await _play_with_channel("den")
	await _send("/join " + channel)
	await _until_in(channel)
	var heard: Array[String] = _listen(_bo)
	await server_control.send("stop")
	await wait_until(func() -> bool: return not game.client.is_logged_in(), "the cut")
	await _send("first in the dark")
	await _send("second in the dark")
	check(game.control("Banner").is_visible_in_tree(), "there is no banner")
	check_equal(_chatbox().get_log(channel).pending_count(), 2, "the lines that wait")
	check_equal(game.label("Label_Refusal"), "", "what is told of them")
	await server_control.send("start")
	await wait_until(func() -> bool: return heard.size() == 2, "both lines at bo's", 30.0)
	await _until_shown("Reconnected")
	await wait_until(
		func() -> bool: return _chatbox().get_log(channel).pending_count() == 0, "both echoes"
	)
	check_equal(_shown().count("in the dark"), 2, "how often they are shown")
	check(_shown().find("first in") < _shown().find("second in"), "the order: " + _shown())


func test_what_came_while_away_is_marked() -> void:
	var channel: String = await _play_with_channel("den")
	await _send("/join " + channel)
	await _until_in(channel)
	await _bo.send_chat("seen", channel).completed
	await _until_shown("seen")
	await wait_until(
		func() -> bool: return game.client.get_channel(channel)["unread"] == 0, "it is read"
	)
	await wait_for_seconds(1.5)
	await input.click(game.control("Button_Logout"))
	await wait_for_status("You are logged out")
	for i: int in 3:
		await _bo.send_chat("missed %d" % i, channel).completed
	await log_in(_ada, PASSWORD)
	await wait_until(func() -> bool: return game.chatbox() != null, "the chatbox")
	await wait_until(func() -> bool: return _tab(channel) == channel + " 3", "the count")
	_chatbox().current_channel = channel
	await _until_shown("missed 2")
	check(_shown().contains('—— New ——\n%s says: "missed 0"' % _bo.username), _shown())
	check_equal(_shown().count("—— New ——"), 1, "the number of marks")


# Ada in the game, bo beside it, in a channel of his.
func _play_with_channel(name: String, access: String = "open", password: String = "") -> String:
	_ada = await play("ada")
	_chatbox().show_timestamps = false
	_bo = await second_player("bo")
	if name.is_empty():
		return ""
	var channel: String = unique(name)
	var created: NetworkRequest = await _bo.create_channel(channel, access, password).completed
	check(created.ok, "not created: " + created.reason)
	return channel


func _chatbox() -> Chatbox:
	return game.chatbox()


func _log() -> ChatLog:
	return _chatbox().get_log(_chatbox().current_channel)


func _send(text: String) -> void:
	await input.type(text)
	# A complete text is sent, not completed.
	_chatbox().set_completions([] as Array[Dictionary])
	await input.press(KEY_ENTER)


func _shown() -> String:
	return _log().get_parsed_text().replace("\u2068", "").replace("\u2069", "")


func _until_shown(text: String) -> void:
	if not await wait_until(func() -> bool: return _shown().contains(text), text):
		check(false, "shown is:\n" + _shown().right(400))


func _until_in(channel: String) -> void:
	await wait_until(func() -> bool: return _chatbox().current_channel == channel, channel)


func _listen(client: NetworkClient) -> Array[String]:
	var heard: Array[String] = []
	client.chat_received.connect(
		func(channel: String, sender: String, text: String, _at: int, _seq: int) -> void:
			if sender == _ada:
				heard.append((channel + " " + text) if channel.begins_with("@") else text)
	)
	return heard


func _tab(channel: String) -> String:
	for tab: Node in game.control("Tabs").get_children():
		if str(tab.get_meta(&"channel")) == channel:
			var badge: Label = tab.get_node("Row/Badge")
			return channel + (" " + badge.text if badge.visible else "")
	return ""


func _has_tab(channel: String) -> bool:
	return _chatbox().channels().has(channel)


func _choose(text: String) -> void:
	var menu: PopupMenu = _chatbox().get_node("%LineMenu")
	for i: int in menu.item_count:
		if menu.get_item_text(i) == text:
			menu.set_focused_item(i)
			await input.press(KEY_ENTER)
			await frames(2)
			return
	check(false, "the menu has no " + text)


func _roster() -> Array[String]:
	var rows: Array[String] = []
	var root: TreeItem = (game.control("Tree_Roster") as Tree).get_root()
	if root != null:
		for item: TreeItem in root.get_children():
			rows.append(item.get_text(0))
	return rows


func _row_of(channel: String) -> Control:
	for row: Button in game.control("List_Channels").get_children():
		if row.text.begins_with(channel):
			return row
	return null
