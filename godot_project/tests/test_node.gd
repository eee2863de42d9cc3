extends "res://tests/game_case.gd"
## What a script may do to a [NetworkClient], from outside and from its signals.


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
		func(sender: String, text: String, _at: int) -> void:
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
	tree.root.add_child(client)


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


func _offline_client() -> NetworkClient:
	var client := NetworkClient.new()
	client.connect_automatically = false
	await add(client)
	return client
