extends "res://tests/game_case.gd"
## What a script may do to a [NetworkClient], from outside and from its signals.

const GreetingPeer := preload("res://tests/greeting_peer.gd")


func test_a_call_without_a_connection_is_denied_after_it_returned() -> void:
	var client := await _offline_client()
	var codes: Array[String] = []
	client.login_denied.connect(func(code: String, _reason: String) -> void: codes.append(code))
	client.register_denied.connect(func(code: String, _reason: String) -> void: codes.append(code))
	client.chat_denied.connect(func(code: String, _reason: String) -> void: codes.append(code))
	client.login("ada", PASSWORD)
	client.register("ada", PASSWORD)
	client.send_chat("anyone?")
	check(codes.is_empty(), "a signal came before its call returned")
	await wait_until(func() -> bool: return codes.size() == 3, "three denials")
	check_equal(codes, ["not_connected", "not_connected", "not_connected"], "the codes")


func test_a_handler_that_tries_again_at_every_denial_does_not_hang_the_game() -> void:
	var client := await _offline_client()
	var tries := {count = 0}
	client.chat_denied.connect(
		func(_code: String, _reason: String) -> void:
			tries.count += 1
			client.send_chat("again")
	)
	client.send_chat("first")
	await frames(20)
	var count: int = tries.count
	check(count >= 5 and count <= 21, "%d tries in 20 frames" % count)


func test_handlers_may_call_the_node() -> void:
	var client := await connected_client()
	var seen: Array[String] = []
	client.registered.connect(func(name: String) -> void: client.login(name, PASSWORD))
	client.logged_in.connect(func(_name: String) -> void: client.send_chat("hello"))
	client.chat_received.connect(
		func(_channel: String, sender: String, text: String, _at: int, _seq: int) -> void:
			if sender == client.username:
				seen.append(text)
				client.logout()
	)
	client.logged_out.connect(func(reason: String) -> void: seen.append(reason))
	client.register(unique("ada"), PASSWORD)
	await wait_until(func() -> bool: return seen.size() == 2, "the whole way there and back")
	check_equal(seen, ["hello", "logout"], "what was seen")


func test_a_handler_may_remove_the_node_and_its_parent() -> void:
	var parent := Node.new()
	var client := NetworkClient.new()
	client.url = arguments.server
	parent.add_child(client)
	client.connected.connect(
		func() -> void:
			tree.root.remove_child(parent)
			parent.queue_free()
	)
	var id: int = client.get_instance_id()
	await add(parent)
	await wait_until(func() -> bool: return not is_instance_id_valid(id), "the end of the node")


func test_a_moved_node_keeps_its_connection() -> void:
	var client := await second_player("ada")
	var losses := {count = 0}
	client.disconnected.connect(
		func(_reason: String, _retry: bool, _seconds: float) -> void: losses.count += 1
	)
	var elsewhere := Node.new()
	await add(elsewhere)
	client.reparent(elsewhere)
	await frames(5)
	check(client.is_logged_in(), "moving the node logged the player out")
	check_equal(losses.count, 0, "the number of cuts")


func test_a_removed_node_hangs_up() -> void:
	var client := await second_player("ada")
	tree.root.remove_child(client)
	await frames(2)
	check_equal(client.state, NetworkClient.STATE_OFFLINE, "the state")
	check_equal(client.username, "", "the name")
	# And calls again when it is back.
	tree.root.add_child(client)
	var connected: Callable = func() -> bool: return client.state == NetworkClient.STATE_CONNECTED
	await wait_until(connected, "the connection")


func test_the_versions_of_both_sides_are_known() -> void:
	check(NetworkClient.get_version().split(".").size() == 3, "the addon's version")
	var client := await connected_client()
	# Both are built from the same sources here.
	check_equal(client.server_version, NetworkClient.get_version(), "the server's version")
	client.disconnect_from_server()
	check_equal(client.server_version, "", "the version of no server")


func test_limits_are_those_of_the_server() -> void:
	var client := await connected_client()
	check_equal(client.username_max_length, 20, "the longest name")
	check_equal(client.password_min_length, 8, "the shortest password")
	check_equal(client.password_max_length, 99, "the longest password")
	check_equal(client.chat_max_length, 500, "the longest line")


func test_a_url_that_cannot_be_is_told_like_a_missing_server() -> void:
	var client := NetworkClient.new()
	client.url = arguments.server
	client.reconnect_enabled = false
	client.connect_automatically = false
	await add(client)
	client.url = "ws://127.0.0.1:1"
	var reasons: Array[String] = []
	client.disconnected.connect(
		func(reason: String, _retry: bool, _seconds: float) -> void: reasons.append(reason)
	)
	client.connect_to_server()
	await wait_until(func() -> bool: return not reasons.is_empty(), "the refusal", 15.0)
	check_equal(reasons, ["server_unreachable"], "the reasons")


func test_a_malformed_url_is_told_once_and_not_tried_again() -> void:
	for url: String in ["", "http://127.0.0.1:8081", "127.0.0.1:8081"]:
		var client := await _offline_client()
		var heard: Array[String] = []
		client.disconnected.connect(
			func(reason: String, will_retry: bool, _seconds: float) -> void:
				heard.append("%s %s" % [reason, will_retry])
		)
		client.url = url
		client.connect_to_server()
		await wait_until(func() -> bool: return not heard.is_empty(), "the refusal of '%s'" % url)
		await frames(5)
		check_equal(heard, ["invalid_address false"], "what was told of '%s'" % url)
		check_equal(client.state, NetworkClient.STATE_OFFLINE, "the state")


func test_a_ten_second_level_load_does_not_log_the_player_out() -> void:
	var client := await second_player("ada")
	var heard: Array[String] = []
	client.state_changed.connect(func(state: int) -> void: heard.append("state %d" % state))
	client.heartbeat_interval = 2.0
	client.request_timeout = 3.0
	var before := client.send_chat("before")
	# Nothing is polled meanwhile, as while a level is loaded in one go.
	OS.delay_msec(10_000)
	await before.completed
	var after: NetworkRequest = await client.send_chat("after").completed
	check(before.ok, "the line before was refused: " + before.code)
	check(after.ok, "the line afterwards was refused: " + after.code)
	# Long enough for the question whether the server is still there.
	await wait_for_seconds(2.5)
	check(client.is_logged_in(), "the player is out")
	check_equal(heard, [] as Array[String], "what changed")


func test_a_burst_is_spread_over_frames_and_keeps_its_order() -> void:
	const LINES: int = 1000
	var server := LonghallFakeServer.new()
	server.add_account("ada", PASSWORD)
	var client := await _offline_client()
	client.fake_server = server
	await client.connect_to_server().completed
	await client.login("ada", PASSWORD).completed
	var heard: Array[String] = []
	var frames_used: Dictionary[int, bool] = {}
	client.chat_received.connect(
		func(_channel: String, _sender: String, text: String, _at: int, _seq: int) -> void:
			heard.append(text)
			frames_used[Engine.get_process_frames()] = true
			# A game that does a lot with each line.
			OS.delay_usec(20)
	)
	client.frame_budget = 1.0
	var expected: Array[String] = []
	for i: int in LINES:
		expected.append("line %d" % i)
		server.say("bo", "line %d" % i)
	await wait_until(func() -> bool: return heard.size() == LINES, "all lines")
	check(heard == expected, "the lines are not the same or out of order")
	# 1,000 lines of 20 µs at least do not fit into 1 ms; they need 20 frames and more.
	check(frames_used.size() >= 10, "they came in %d frames" % frames_used.size())


func test_retry_now_does_not_sit_out_the_pause() -> void:
	await _check_that_it_tries_at_once(func(client: NetworkClient) -> void: client.retry_now())


func test_a_player_who_comes_back_to_the_game_does_not_sit_out_the_pause() -> void:
	for what: int in [
		Node.NOTIFICATION_APPLICATION_FOCUS_IN, Node.NOTIFICATION_APPLICATION_RESUMED
	]:
		await _check_that_it_tries_at_once(
			func(client: NetworkClient) -> void: client.notification(what)
		)


func test_a_phone_that_slept_asks_at_once_whether_the_server_is_still_there() -> void:
	var server := GreetingPeer.new()
	await add(server)
	var client := await _offline_client()
	client.url = server.url()
	# So that it asks by itself in no time that this test takes.
	client.heartbeat_interval = 300.0
	await client.connect_to_server().completed
	check_equal(client.state, NetworkClient.STATE_CONNECTED, "the state")
	await frames(10)
	check(not "ping" in server.received, "it asked by itself: %s" % server.received)
	client.notification(Node.NOTIFICATION_APPLICATION_RESUMED)
	await wait_until(func() -> bool: return "ping" in server.received, "the question")


func _check_that_it_tries_at_once(hurry: Callable) -> void:
	var server := LonghallFakeServer.new()
	server.is_reachable = false
	var client := await _offline_client()
	client.fake_server = server
	# So that the pause is longer than any patience of this test.
	client.reconnect_max_delay = 300.0
	var pauses: Array[float] = []
	client.reconnecting.connect(func(_attempt: int, seconds: float) -> void: pauses.append(seconds))
	client.connect_to_server()
	while pauses.is_empty() or pauses[-1] < 30.0:
		var known: int = pauses.size()
		hurry.call(client)
		if not await wait_until(func() -> bool: return pauses.size() > known, "the next try"):
			return
	server.is_reachable = true
	hurry.call(client)
	var connected: Callable = func() -> bool: return client.state == NetworkClient.STATE_CONNECTED
	await wait_until(connected, "the connection")


func test_a_scene_with_properties_of_a_debug_build_loads() -> void:
	var text: String = (
		'[gd_scene format=3]\n\n[node name="NetworkClient" type="NetworkClient"]\n'
		+ "connect_automatically = false\nno_such_property = 0.5\n"
	)
	const PATH: String = "user://debug_properties.tscn"
	FileAccess.open(PATH, FileAccess.WRITE).store_string(text)
	var scene: PackedScene = ResourceLoader.load(PATH, "", ResourceLoader.CACHE_MODE_IGNORE)
	var client: NetworkClient = scene.instantiate()
	check(not client.connect_automatically, "the known property is not set")
	await add(client)


func _offline_client() -> NetworkClient:
	var client := NetworkClient.new()
	client.connect_automatically = false
	await add(client)
	return client
