extends "res://tests/wiring_case.gd"
## Lines that the game itself says: heard in order, and shown unlike any player's.

const NOON_MS: int = 1_700_000_000_000

var _ada: NetworkClient
var _heard: Array[String] = []


func set_up() -> void:
	super()
	_ada = _client()
	_ada.chat_received.connect(
		func(channel: String, sender: String, text: String, _at: int, seq: int) -> void:
			_heard.append("%s %d %s: %s" % [channel, seq, sender, text])
	)
	_ada.system_line_received.connect(
		func(channel: String, text: String, sent_at_ms: int, seq: int) -> void:
			check(sent_at_ms > NOON_MS, "said at %d" % sent_at_ms)
			_heard.append("%s %d the game: %s" % [channel, seq, text])
	)
	await _open(_ada)
	await _log_in(_ada, "ada")
	await wait_until(func() -> bool: return _chatbox.visible, "the chatbox")


func test_a_line_of_the_games_comes_in_order_by_its_own_signal_and_has_no_name() -> void:
	_server.say("ben", "ready?")
	_server.say_system("Round 3 begins")
	_server.say("ben", "go!")
	await _wait_for_line(_chatbox, "go!")
	check_equal(
		_heard,
		(
			["lobby 1 ben: ready?", "lobby 2 the game: Round 3 begins", "lobby 3 ben: go!"]
			as Array[String]
		),
		"what is heard"
	)
	var shown: String = _chatbox.get_log("lobby").get_parsed_text()
	var own_row: bool = false
	for row: String in shown.split("\n"):
		own_row = (
			own_row or row.replace("\u2068", "").replace("\u2069", "").ends_with("Round 3 begins")
		)
		check(not (row.contains("Round 3") and row.contains("ben")), "a name beside it: " + row)
	check(own_row, "it is not shown: " + shown)
	check_equal(_ada.get_channel("lobby")["unread"], 0, "unread")


func test_what_nobody_saw_of_the_games_is_unread_until_it_is_seen() -> void:
	_chatbox.visible = false
	_server.say_system("Round 3 begins")
	await wait_until(func() -> bool: return _ada.get_channel("lobby")["unread"] == 1, "the count")
	_chatbox.visible = true
	await wait_until(func() -> bool: return _ada.get_channel("lobby")["unread"] == 0, "it is read")


func test_what_the_game_said_is_unread_for_who_comes_later() -> void:
	_server.say_system("Round 3 begins")
	var ben: NetworkClient = _client()
	_scene.add_child(ben)
	await _log_in(ben, "ben")
	check_equal(ben.get_channel("lobby")["unread"], 1, "unread")


func test_a_player_who_comes_later_has_it_in_the_history_without_a_sender() -> void:
	_server.say_system("Round 3 begins")
	await _wait_for_line(_chatbox, "Round 3 begins")
	var page: NetworkRequest = await _ada.load_history("lobby", 2).completed
	var lines: Array[Dictionary] = page.result
	check_equal(lines.size(), 1, "lines")
	check_equal(lines[0]["system"], true, "whose it is")
	check_equal(lines[0]["sender"], "", "the sender")


func test_who_takes_the_game_s_name_is_drawn_as_a_player() -> void:
	_chatbox.show_line("lobby", "server", "Round 4 begins", NOON_MS, 7)
	_chatbox.show_system_line("lobby", "Round 5 begins", NOON_MS, 8)
	await wait_until(_chatbox.get_log("lobby").is_written, "both lines")
	var shown: String = _chatbox.get_log("lobby").get_parsed_text()
	check(shown.contains("server"), "the name is missing: " + shown)
	var rows: PackedStringArray = shown.strip_edges().split("\n")
	check(not rows[-1].contains("server"), "the game's line has a name: " + rows[-1])
