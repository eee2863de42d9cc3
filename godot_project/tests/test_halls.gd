extends "res://tests/wiring_case.gd"
## The halls of the lobby: the node, the chatbox and the overlay with a player who is in one of
## several. A hall of this server takes in two players.

const ChatTabs := preload("res://addons/longhall/scenes/chatbox/chat_tabs.gd")
const OVERLAY: PackedScene = preload("res://addons/longhall/scenes/overlay/overlay.tscn")

var _ada: NetworkClient
var _told: Array[String] = []


func set_up() -> void:
	super()
	_server.set_hall_size(2)
	for player: String in ["cleo", "dan", "eve"]:
		_server.add_account(player, PASSWORD)
	_chatbox.show_timestamps = false
	_ada = _client()
	_ada.hall_changed.connect(
		func(from: String, to: String) -> void: _told.append("%s to %s" % [from, to])
	)


func test_the_node_lists_halls_and_changes_between_them() -> void:
	await _player("ben")
	await _open_alone()
	check_equal(_ada.hall, 1, "the hall of the second player")
	await _player("cleo")
	var listed: NetworkRequest = await _ada.list_halls().completed
	var halls: Array[Dictionary] = [
		{channel = "lobby", hall = 1, online = 2, max_online = 2, here = true},
		{channel = "lobby-2", hall = 2, online = 1, max_online = 2, here = false},
	]
	check_equal(listed.result, halls, "the halls")
	_ada.hall_changed.connect(
		func(_from: String, _to: String) -> void:
			check_equal([_ada.lobby, _ada.hall], ["lobby-2", 2], "the lobby in the handler")
	)
	var changed: NetworkRequest = await _ada.change_hall(2).completed
	check_equal(changed.result, _ada.get_channel("lobby-2"), "what the request brings")
	check_equal(_told, ["lobby to lobby-2"] as Array[String], "what is told")
	check_equal(_ada.get_channels(), PackedStringArray(["lobby-2"]), "the channels")
	check_equal(_ada.get_channel("lobby")["hall"], 2, "the hall in the lobby's state")
	# A game from before the lobby grew.
	var said: NetworkRequest = await _ada.send_chat("hi", "lobby").completed
	check(said.ok, "a line to the lobby is refused: " + said.reason)
	var page: NetworkRequest = await _ada.load_history("lobby-2", 9).completed
	check_equal(page.result[0]["text"], "hi", "what is said in the own hall")


func test_a_change_that_cannot_be_is_refused() -> void:
	for player: String in ["ben", "cleo", "dan"]:
		await _player(player)
	_server.set_hall_size(1)
	await _open_alone()
	check_equal(_ada.hall, 3, "the hall of the player for whom the others are full")
	var codes: Dictionary[int, String] = {
		1: "channel_full", 9: "unknown_channel", 0: "unknown_channel"
	}
	for hall: int in codes:
		var request: NetworkRequest = await _ada.change_hall(hall).completed
		check_equal(request.code, codes[hall], "the code for hall %d" % hall)
	check_equal(_told, [] as Array[String], "what is told")


func test_a_lobby_without_halls_has_no_number() -> void:
	_server.set_hall_size(0)
	await _open_alone()
	var listed: NetworkRequest = await _ada.list_halls().completed
	check_equal(listed.result[0]["max_online"], 0, "how many a hall takes in")


func test_the_chatbox_follows_its_player_into_another_hall() -> void:
	var ben: NetworkClient = await _player("ben")
	await _enter()
	var cleo: NetworkClient = await _player("cleo")
	_server.set_server_role("cleo", "moderator")
	await cleo.set_slow_mode("", 30).completed
	await cleo.send_chat("in the second").completed
	await ben.send_chat("in the first").completed
	await _ada.create_channel("trade").completed
	await _ada.send_chat("an axe", "trade").completed
	await _wait_for_line(_chatbox, "in the first")
	await input.type("half a thought")
	_chatbox.hall_requested.emit(2)
	await _wait_for_line(_chatbox, "in the second")
	check_equal(_titles(), ["lobby 2", "trade"] as Array[String], "the tabs")
	check_equal(_chatbox.current_channel, "lobby-2", "the channel in view")
	check_equal(_times_shown(_chatbox, "in the first"), 0, "lines of the hall before")
	check_equal(_times_shown(_chatbox, "You are in hall 2 of the lobby."), 1, "notices")
	check_equal(_chatbox.draft, "half a thought", "the draft")
	check_equal(_online_shown(), "2", "the count in the header")
	var tabs: ChatTabs = _chatbox.get_node("%ChatTabs")
	check_equal(tabs.all[0].slow_mode_s, 30, "the slow mode of the new hall")
	var trade: ChatLog = _chatbox.get_log("trade")
	check(trade.get_parsed_text().contains("an axe"), "the other tab is empty")
	await ben.send_chat("behind your back").completed
	await cleo.send_chat("welcome").completed
	await _wait_for_line(_chatbox, "welcome")
	check_equal(_times_shown(_chatbox, "behind your back"), 0, "lines of the hall before")
	_chatbox.draft = ""
	await _say(_chatbox, "hello")
	await _wait_for_line(_chatbox, "hello")
	check_equal(_titles(), ["lobby 2", "trade"] as Array[String], "the tabs at last")


func test_halls_are_listed_and_changed_by_a_command() -> void:
	await _player("ben")
	await _enter()
	await _player("cleo")
	await _command("/halls")
	await _wait_for_line(_chatbox, "Hall 1: 2 of 2 · here")
	check_equal(_times_shown(_chatbox, "Hall 2: 1 of 2"), 1, "the other hall")
	await _command("/halls 2")
	await _wait_for_line(_chatbox, "You are in hall 2 of the lobby.")
	check_equal(_titles(), ["lobby 2"] as Array[String], "the tab")
	check_equal(_times_shown(_chatbox, "You are in hall"), 1, "times it is told")
	await _command("/halls lobby")
	await _wait_for_line(_chatbox, "You are in hall 1 of the lobby.")
	check_equal(_chatbox.lobby, "lobby", "the lobby")
	check(not (_chatbox.get_node("%TabRow") as Control).visible, "the row of tabs stays")


func test_a_hall_that_is_full_is_refused_and_everything_stays() -> void:
	var ben: NetworkClient = await _player("ben")
	await _enter()
	await _player("cleo")
	await _player("dan")
	await ben.send_chat("stay").completed
	await _command("/halls 2")
	await wait_until(func() -> bool: return not _refusal(_chatbox).is_empty(), "the refusal")
	check_equal(_refusal(_chatbox), "This channel is full", "the refusal")
	check_equal(_chatbox.draft, "/halls 2", "the draft")
	check_equal(_chatbox.lobby, "lobby", "the lobby")
	check_equal(_times_shown(_chatbox, "stay"), 1, "the lines")


func test_the_card_of_channels_lists_halls_and_changes() -> void:
	await _player("ben")
	await _enter()
	await input.click(_chatbox.get_node("%Button_Channels") as Control)
	await frames(10)
	var list: Control = _chatbox.get_node("%List_Halls")
	check(not list.visible, "a single hall is listed")
	var menu: Control = _chatbox.get_node("%ChannelMenu")
	await input.press(KEY_ESCAPE)
	await _player("cleo")
	await input.click(_chatbox.get_node("%Button_Channels") as Control)
	await wait_until(list.is_visible_in_tree, "the halls")
	await frames(2)
	var rows: Array[String] = []
	for row: Button in list.get_children():
		rows.append(row.accessibility_name)
	check_equal(rows, ["Hall 1, 2 of 2", "Hall 2, 1 of 2"] as Array[String], "the rows")
	var channels: Array[String] = []
	for row: Button in _chatbox.get_node("%List_Channels").get_children():
		if row.visible:
			channels.append(row.text)
	check_equal(channels, [] as Array[String], "the channels beside the halls")
	await _player("dan")
	await input.click(list.get_child(1) as Control)
	var status: Label = _chatbox.get_node("%Label_ChannelStatus")
	await wait_until(status.is_visible_in_tree, "the refusal")
	check_equal(status.text, "This channel is full", "the refusal")
	_server.set_hall_size(3)
	await input.click(list.get_child(1) as Control)
	await _wait_for_line(_chatbox, "You are in hall 2 of the lobby.")
	check(not menu.visible, "the card stays")


func test_another_device_and_a_cut_take_the_chatbox_along() -> void:
	await _player("ben")
	await _enter()
	var cleo: NetworkClient = await _player("cleo")
	await cleo.send_chat("in the second").completed
	var tablet: NetworkClient = await _player("ada")
	check_equal(tablet.lobby, "lobby", "the lobby on the other device")
	await tablet.change_hall(2).completed
	await _wait_for_line(_chatbox, "You are in hall 2 of the lobby.")
	await _wait_for_line(_chatbox, "in the second")
	tablet.queue_free()
	await frames(2)
	_told.clear()
	_server.set_hall_size(1)
	# The others are back first, and have taken the places.
	_ada.process_mode = Node.PROCESS_MODE_DISABLED
	cleo.reconnect_max_delay = 0.2
	_server.close_in(0.0, "connection_lost")
	await wait_until(func() -> bool: return not cleo.is_logged_in(), "the cut")
	await wait_until(cleo.is_logged_in, "the way back of the others")
	_ada.process_mode = Node.PROCESS_MODE_INHERIT
	await wait_until(func() -> bool: return not _told.is_empty(), "another hall")
	await frames(10)
	check(_ada.lobby != "lobby-2", "there was room in the hall")
	check_equal(_chatbox.lobby, _ada.lobby, "the lobby")
	var hall: String = "You are in hall %d of the lobby." % _ada.hall
	check_equal(_times_shown(_chatbox, hall), 1, "notices")
	check_equal(_times_shown(_chatbox, "in the second"), 0, "lines of the hall before")


func test_the_overlay_follows_too() -> void:
	var overlay: ChatOverlay = OVERLAY.instantiate()
	_scene.add_child(_ada)
	_scene.add_child(overlay)
	await add(_scene)
	var ben: NetworkClient = await _player("ben")
	await _log_in(_ada, "ada")
	var cleo: NetworkClient = await _player("cleo")
	await ben.send_chat("in the first").completed
	await wait_until(_is_in_overlay.bind(overlay, "in the first"), "a line of the first hall")
	await _ada.change_hall(2).completed
	check_equal(overlay.target(), "lobby-2", "where the player speaks")
	await cleo.send_chat("in the second").completed
	await wait_until(_is_in_overlay.bind(overlay, "in the second"), "a line of the second hall")
	check(not _is_in_overlay(overlay, "in the first"), "a line of the hall before stays")
	_login.free()
	_chatbox.free()


func _player(player: String) -> NetworkClient:
	var client: NetworkClient = _client()
	# Not beside the chatbox, which would take it for its own.
	var around := Node.new()
	around.add_child(client)
	await add(around)
	await _log_in(client, player)
	return client


# For tests without a scene.
func _open_alone() -> void:
	for scene: Node in [_scene, _login, _chatbox]:
		scene.free()
	await add(_ada)
	await _log_in(_ada, "ada")


func _enter() -> void:
	await _open(_ada)
	await _log_in(_ada, "ada")
	await frames(2)


func _command(text: String) -> void:
	await _say(_chatbox, text)


func _titles() -> Array[String]:
	var found: Array[String] = []
	for tab: Node in _chatbox.get_node("%Tabs").get_children():
		found.append((tab.get_node("Row/Title") as Button).text)
	return found


func _online_shown() -> String:
	return (_chatbox.get_node("%Button_Roster") as Button).text


func _is_in_overlay(overlay: ChatOverlay, text: String) -> bool:
	var chat: RichTextLabel = overlay.get_node("%Log")
	return chat.get_parsed_text().contains(text)
