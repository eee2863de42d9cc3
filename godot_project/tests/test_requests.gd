extends "res://tests/test_case.gd"
## What a call returns can be waited for, and always ends. Against a fake server.

const PASSWORD: String = "correct horse"

var _server := LonghallFakeServer.new()
var _client: NetworkClient


func set_up() -> void:
	_server.add_account("ada", PASSWORD)
	_client = NetworkClient.new()
	_client.fake_server = _server
	_client.connect_automatically = false
	_client.reconnect_max_delay = 0.5
	await add(_client)


func test_a_login_can_be_waited_for() -> void:
	await _connect()
	var login: NetworkRequest = await _client.login("ada", PASSWORD).completed
	check(login.ok and login.is_completed, "it was refused: " + login.code)
	check_equal(login.code + login.reason + login.field, "", "what a success says")
	check(_client.is_logged_in(), "not logged in")


func test_a_refusal_says_all_there_is() -> void:
	await _connect()
	var register := _client.register("x", PASSWORD)
	await register.completed
	check(not register.ok, "a name of one letter was taken")
	check_equal(register.code, "too_short", "the code")
	check_equal(register.field, "username", "the field")
	check_equal(register.limit, 3, "the limit")
	check(register.reason.contains("3 characters"), "the reason: " + register.reason)
	_server.deny_next("login", "busy", 2.5)
	var login := _client.login("ada", PASSWORD)
	await login.completed
	check_equal(login.code, "busy", "the code")
	check_equal(login.retry_after, 2.5, "the time to wait")


func test_a_request_never_ends_before_the_call_returns() -> void:
	# Refused on the spot, and yet there is time to wait.
	var login := _client.login("ada", PASSWORD)
	check(not login.is_completed, "it ended at once")
	await login.completed
	check_equal(login.code, "not_connected", "the code")


func test_whoever_waits_late_does_not_wait_for_ever() -> void:
	await _connect()
	var heard: Array[String] = []
	var login := _client.login("ada", PASSWORD)
	login.completed.connect(func(_request: NetworkRequest) -> void: heard.append("early"))
	await wait_until(func() -> bool: return login.is_completed, "the end")
	await frames(2)
	for i: int in 3:
		var late: NetworkRequest = await login.completed
		check(late == login and late.ok, "something else came")
	login.completed.connect(func(_request: NetworkRequest) -> void: heard.append("late"))
	await frames(3)
	check_equal(heard, ["early", "late"] as Array[String], "who heard of it")


func test_the_signals_come_before_the_request_ends() -> void:
	await _connect()
	var heard: Array[String] = []
	_client.logged_in.connect(func(_name: String) -> void: heard.append("logged_in"))
	var login := _client.login("ada", PASSWORD)
	login.completed.connect(func(_request: NetworkRequest) -> void: heard.append("completed"))
	await login.completed
	check_equal(heard, ["logged_in", "completed"] as Array[String], "the order")


func test_each_line_has_a_request_of_its_own() -> void:
	await _log_in()
	_server.deny_next("chat", "rate_limited", 1.0)
	var first := _client.send_chat("one")
	var second := _client.send_chat("two")
	await second.completed
	check_equal(first.code, "rate_limited", "the first line's code")
	check(second.ok, "the second line was refused: " + second.code)
	check_equal(_server.get_said(), PackedStringArray(["two"]), "what was said")


func test_connecting_can_be_waited_for() -> void:
	_server.is_reachable = false
	var failed: NetworkRequest = await _client.connect_to_server().completed
	check_equal(failed.code, "server_unreachable", "the code")
	check_equal(failed.reason, "The server cannot be reached", "the reason")
	_server.is_reachable = true
	var worked: NetworkRequest = await _client.connect_to_server().completed
	check(worked.ok, "not connected: " + worked.code)
	var again: NetworkRequest = await _client.connect_to_server().completed
	check(again.ok, "already connected, and yet: " + again.code)


func test_logging_out_can_be_waited_for() -> void:
	await _log_in()
	var logout: NetworkRequest = await _client.logout().completed
	check(logout.ok, "not logged out: " + logout.code)
	var again: NetworkRequest = await _client.logout().completed
	check_equal(again.code, "not_logged_in", "the code")


func test_no_answer_ends_it() -> void:
	_client.request_timeout = 1.0
	await _connect()
	_server.ignore_next("login")
	var login: NetworkRequest = await _client.login("ada", PASSWORD).completed
	check_equal(login.code, "timed_out", "the code")


func test_a_lost_connection_ends_it() -> void:
	await _connect()
	_server.ignore_next("login")
	var login := _client.login("ada", PASSWORD)
	_server.close_in(0.0, "connection_lost")
	await login.completed
	check_equal(login.code, "connection_lost", "the code")


func test_a_freed_node_ends_it() -> void:
	await _connect()
	_server.ignore_next("register")
	for free: Callable in [_client.queue_free, _client.free]:
		var client := NetworkClient.new()
		client.fake_server = _server
		await add(client)
		await client.connect_to_server().completed
		_server.ignore_next("register")
		var register := client.register("eve", PASSWORD)
		if free.get_method() == &"free":
			client.free()
		else:
			client.queue_free()
		await register.completed
		check_equal(register.code, "cancelled", "the code after " + free.get_method())


func test_a_node_out_of_the_tree_ends_it() -> void:
	await _connect()
	_server.ignore_next("register")
	var pending := _client.register("eve", PASSWORD)
	tree.root.remove_child(_client)
	await pending.completed
	check_equal(pending.code, "cancelled", "the code of what was under way")
	for late: NetworkRequest in [_client.register("eve", PASSWORD), _client.connect_to_server()]:
		await late.completed
		check_equal(late.code, "not_connected", "the code outside of the tree")
	tree.root.add_child(_client)


func test_a_node_that_is_not_processed_ends_it() -> void:
	_client.process_mode = Node.PROCESS_MODE_DISABLED
	var login := _client.login("ada", PASSWORD)
	await login.completed
	check_equal(login.code, "not_connected", "the code")


func test_a_thousand_calls_in_one_frame_all_end() -> void:
	await _log_in()
	var ended := {ok = 0, refused = 0}
	for i: int in 1000:
		_client.send_chat("line %d" % i).completed.connect(
			func(request: NetworkRequest) -> void:
				if request.ok:
					ended.ok += 1
				else:
					ended.refused += 1
		)
	var all_ended: Callable = func() -> bool: return ended.ok + ended.refused == 1000
	await wait_until(all_ended, "the end of all calls")
	check_equal(ended.ok, 64, "the lines that were taken")


func test_whoever_waits_may_free_the_node() -> void:
	# Several nodes, because the engine processes them one after the other.
	var clients: Array[NetworkClient] = []
	for i: int in 3:
		var client := NetworkClient.new()
		client.fake_server = _server
		await add(client)
		clients.append(client)
	for client: NetworkClient in clients:
		await client.connect_to_server().completed
	for client: NetworkClient in clients:
		await client.login("ada", "battery staple").completed
		client.free()
	await frames(3)
	check(not is_instance_valid(clients[2]), "the node is still there")


func test_a_script_that_extends_the_node_takes_nothing_away() -> void:
	var script := GDScript.new()
	script.source_code = (
		"extends NetworkClient\n"
		+ "var called: Array[String] = []\n"
		+ "func _ready() -> void: called.append('ready')\n"
		+ "func _enter_tree() -> void: called.append('enter_tree')\n"
		+ "func _exit_tree() -> void: called.append('exit_tree')\n"
		+ "func _process(_delta: float) -> void: pass\n"
		+ "func _notification(_what: int) -> void: pass\n"
	)
	check_equal(script.reload(), OK, "the script")
	var client: NetworkClient = script.call("new")
	client.fake_server = _server
	await add(client)
	var connected: Callable = func() -> bool: return client.state == NetworkClient.STATE_CONNECTED
	await wait_until(connected, "the automatic connection")
	var login: NetworkRequest = await client.login("ada", PASSWORD).completed
	check(login.ok, "not logged in: " + login.code)
	check_equal(client.get("called"), ["enter_tree", "ready"] as Array[String], "its own functions")
	tree.root.remove_child(client)
	await frames(2)
	check_equal(client.state, NetworkClient.STATE_OFFLINE, "the state outside of the tree")
	tree.root.add_child(client)


func test_an_answer_that_lies_unread_does_not_time_out() -> void:
	_client.request_timeout = 1.0
	_client.frame_budget = 0.1
	await _log_in()
	_client.chat_received.connect(
		# A game that takes longer for one line than a frame has.
		func(_channel: String, _sender: String, _text: String, _at: int, _seq: int) -> void:
			OS.delay_msec(5)
	)
	for i: int in 120:
		_server.say("bo", "line %d" % i)
	# Its answer comes behind all of these.
	var chat: NetworkRequest = await _client.send_chat("Hello!").completed
	check(chat.ok, "not said: " + chat.code)


func test_waiting_for_ever_is_possible() -> void:
	_client.request_timeout = INF
	await _connect()
	_server.ignore_next("login")
	var login := _client.login("ada", PASSWORD)
	await wait_for_seconds(1.5)
	check(not login.is_completed, "it ended: " + login.code)


func test_a_game_that_ends_a_request_by_leaving_is_not_disturbed() -> void:
	await _connect()
	var register := _client.register("eve", PASSWORD)
	register.completed.connect(func(_request: NetworkRequest) -> void: _client.queue_free())
	await register.completed
	await frames(3)
	check(not is_instance_valid(_client), "the node is still there")


func _connect() -> void:
	var connecting: NetworkRequest = await _client.connect_to_server().completed
	check(connecting.ok, "not connected: " + connecting.code)


func _log_in() -> void:
	await _connect()
	var login: NetworkRequest = await _client.login("ada", PASSWORD).completed
	check(login.ok, "not logged in: " + login.code)
