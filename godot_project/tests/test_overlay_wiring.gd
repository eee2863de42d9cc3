extends "res://tests/test_case.gd"
## The overlay with a client and a server inside the game, without a line of script.

const LOGIN: PackedScene = preload("res://addons/longhall/scenes/login/login.tscn")
const OVERLAY: PackedScene = preload("res://addons/longhall/scenes/overlay/overlay.tscn")

const PASSWORD: String = "correct horse"

var _server := LonghallFakeServer.new()
var _login: LoginScreen
var _overlay: ChatOverlay


func set_up() -> void:
	for player: String in ["ada", "ben", "warden"]:
		_server.add_account(player, PASSWORD)
	_server.set_server_role("warden", "moderator")
	_login = LOGIN.instantiate()
	_overlay = OVERLAY.instantiate()


func tear_down() -> void:
	_overlay.stop_typing()
	await super()


func test_in_a_3d_game_the_overlay_comes_with_the_login_and_talks() -> void:
	var client: NetworkClient = await _open(Node3D.new())
	check(not _overlay.visible, "it is there before the login")
	await input.press(KEY_ENTER)
	check(not _overlay.is_typing, "it takes Enter before the login")
	await input.click(_login.get_node("%LineEdit_Username") as Control)
	await input.type("ada")
	await input.press(KEY_ENTER)
	await input.type(PASSWORD)
	await input.press(KEY_ENTER)
	await wait_until(func() -> bool: return _overlay.visible, "the overlay")
	check(not _login.visible, "the login screen stays")
	check_equal(_overlay.size, Vector2(1152, 648), "its size")
	var ben: NetworkClient = await _player("ben")
	await ben.send_chat("Over here!").completed
	await _until_shown("ben: Over here!")
	await _say("Coming")
	await _until_shown("ada: Coming")
	check_equal(_shown().count("Coming"), 1, "times the own line is shown")
	await wait_until(
		func() -> bool: return client.get_channel("lobby")["unread"] == 0, "the lines are read"
	)
	await client.logout().completed
	await frames(2)
	check(not _overlay.visible and _login.visible, "it stays after the logout")


func test_what_was_said_before_is_there_also_for_an_overlay_that_comes_late() -> void:
	var ben: NetworkClient = await _player("ben")
	await ben.send_chat("one").completed
	await ben.send_chat("two").completed
	await _log_in(await _open(Node2D.new()), "ada")
	await _until_shown("ben: one\nben: two")
	var scene: Node = _overlay.get_parent()
	var late: ChatOverlay = OVERLAY.instantiate()
	_overlay.free()
	_overlay = late
	scene.add_child(_overlay)
	await _until_shown("ben: one\nben: two")


func test_what_the_game_itself_says_is_shown_without_a_name() -> void:
	var ada: NetworkClient = await _open(Node.new())
	await _log_in(ada, "ada")
	_server.say_system("Round 3 begins")
	await _until_shown("Round 3 begins")
	check_equal(_shown(), "Round 3 begins", "what stands beside it")
	await wait_until(
		func() -> bool: return ada.get_channel("lobby")["unread"] == 0, "the line is read"
	)
	var page: NetworkRequest = await ada.load_history("lobby", 2).completed
	var lines: Array[Dictionary] = page.result
	_overlay.begin_anew()
	_overlay.show_earlier("lobby", lines)
	await _until_shown("Round 3 begins")
	check_equal(_shown(), "Round 3 begins", "what stands beside it later")


func test_whispers_and_commands_work() -> void:
	await _log_in(await _open(Node.new()), "ada")
	var ben: NetworkClient = await _player("ben")
	var heard: Array[String] = []
	ben.chat_received.connect(
		func(channel: String, _sender: String, text: String, _at: int, _seq: int) -> void:
			heard.append("%s: %s" % [channel, text])
	)
	await _say("/w ben psst")
	await wait_until(func() -> bool: return "@ada: psst" in heard, "the whisper")
	await _until_shown("To ben: psst")
	await ben.send_chat("what?", "@ada").completed
	await _until_shown("ben whispers: what?")
	await _say("/create den")
	await wait_until(func() -> bool: return _overlay.target() == "den", "the new channel")
	await _say("/dance")
	await wait_until(func() -> bool: return _overlay.draft == "/dance", "the refusal")
	check(not _shown().contains("ada: /dance"), "the command was said")


func test_a_slash_offers_commands_and_tab_takes_one() -> void:
	await _log_in(await _open(Node.new()), "ada")
	await input.press(KEY_ENTER)
	await input.type("/whi")
	var list: Control = _overlay.get_node("%Completions")
	check(list.visible, "no commands are offered")
	check(
		_overlay.get_global_rect().encloses(list.get_global_rect()),
		"the list is at %s" % list.get_global_rect()
	)
	await input.press(KEY_TAB)
	check_equal(_overlay.draft.strip_edges(), "/whisper", "the input")
	check(_overlay.is_typing and not list.visible, "it does not go on")
	await input.press(KEY_ESCAPE)
	check(not _overlay.is_typing, "Escape does not end it")


func test_who_is_muted_reads_why_and_until_when() -> void:
	var ada: NetworkClient = await _open(Node.new())
	await _log_in(ada, "ada")
	var warden: NetworkClient = await _player("warden")
	await warden.mute_player("ada", 3600, "Selling gold").completed
	await wait_until(
		func() -> bool: return _shown().contains("You may not say anything until"), "the mute"
	)
	check(_shown().contains("Selling gold"), "the reason: " + _shown())
	await _say("But why?")
	await wait_until(func() -> bool: return _shown().contains("Not sent: "), "the refusal")
	check(not _shown().contains("ada: But why?"), "the line stands there as said")
	check_equal(_overlay.draft, "But why?", "the draft")
	await warden.unmute_player("ada").completed
	await _until_shown("You may speak again")


func test_slow_mode_is_one_line() -> void:
	var warden: NetworkClient = await _player("warden")
	await warden.create_channel("den").completed
	await warden.set_slow_mode("den", 30).completed
	var ada: NetworkClient = await _open(Node.new())
	await _log_in(ada, "ada")
	await ada.join_channel("den").completed
	_overlay.channel = "den"
	await _say("one")
	await _until_shown("ada: one")
	await _say("two")
	await wait_until(func() -> bool: return _shown().contains("Not sent: "), "the refusal")
	check(_shown().contains("30 seconds"), "the time to wait: " + _shown())
	check_equal(_shown().get_slice_count("\n"), 2, "rows in\n" + _shown())


func test_a_cut_is_told_and_what_is_said_meanwhile_arrives() -> void:
	var ada: NetworkClient = await _open(Node.new())
	await _log_in(ada, "ada")
	_server.close_in(0.0, "restarting")
	await _until_shown(LonghallText.of_disconnect("restarting"))
	check(_overlay.visible, "the overlay goes")
	await _say("still here")
	await _until_shown("Reconnected")
	await _until_shown("ada: still here")
	await wait_until(func() -> bool: return _shown().count("still here") == 1, "the echo")


func test_another_player_on_the_same_machine_sees_nothing_of_the_last() -> void:
	var ada: NetworkClient = await _open(Node.new())
	await _log_in(ada, "ada")
	await _say("/w ben psst")
	await _until_shown("To ben: psst")
	_overlay.draft = "my secret"
	await ada.logout().completed
	await _log_in(ada, "ben")
	await frames(3)
	check(not _shown().contains("psst"), "the whisper is there")
	check_equal(_overlay.draft, "", "the draft")


func _open(scene: Node) -> NetworkClient:
	var client := NetworkClient.new()
	client.fake_server = _server
	scene.add_child(client)
	scene.add_child(_login)
	scene.add_child(_overlay)
	await add(scene)
	await wait_until(
		func() -> bool: return client.state == NetworkClient.STATE_CONNECTED, "the connection"
	)
	return client


func _player(name: String) -> NetworkClient:
	var client := NetworkClient.new()
	client.fake_server = _server
	# Not beside the overlay, which would take it for its own.
	var around := Node.new()
	around.add_child(client)
	await add(around)
	await wait_until(func() -> bool: return client.state == NetworkClient.STATE_CONNECTED, name)
	await _log_in(client, name)
	return client


func _log_in(client: NetworkClient, name: String) -> void:
	var login: NetworkRequest = await client.login(name, PASSWORD).completed
	check(login.ok, "the login: " + login.reason)
	await frames(2)


func _say(text: String) -> void:
	await input.press(KEY_ENTER)
	check(_overlay.is_typing, "Enter does not begin")
	_overlay.draft = ""
	await input.type(text)
	await input.press(KEY_ENTER)


func _until_shown(text: String) -> void:
	if not await wait_until(func() -> bool: return _shown().contains(text), text):
		check_equal(_shown(), text, "what is shown")


func _shown() -> String:
	var chat: RichTextLabel = _overlay.get_node("%Log")
	if not chat.is_visible_in_tree():
		return ""
	return chat.get_parsed_text().replace("\u2068", "").replace("\u2069", "").strip_edges()
