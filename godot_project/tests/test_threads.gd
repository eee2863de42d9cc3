extends "res://tests/test_case.gd"
## Levels are loaded and put together in threads; the node in them works all the same.

const PASSWORD: String = "correct horse"
## What a parameter of this name must be for the call to make sense.
const SENSIBLE: Dictionary[String, String] = {
	"access": "open", "role": "member", "state": "away", "input": "/who", "password": PASSWORD
}

var _server := LonghallFakeServer.new()


func test_a_level_put_together_in_a_thread_connects_and_logs_in() -> void:
	_server.add_account("ada", PASSWORD)
	var server: LonghallFakeServer = _server
	var level: PackedScene = _level()
	var thread := Thread.new()
	thread.start(_put_together.bind(level, server))
	await wait_until(func() -> bool: return not thread.is_alive(), "the thread")
	var made: Node = thread.wait_to_finish()
	await add(made)
	var client: NetworkClient = made.get_node("NetworkClient")
	var connected: Callable = func() -> bool: return client.state == NetworkClient.STATE_CONNECTED
	await wait_until(connected, "the connection")
	var login: NetworkRequest = await client.login("ada", PASSWORD).completed
	check(login.ok, "not logged in: " + login.code)


func test_levels_made_and_freed_in_threads_leave_nothing_behind() -> void:
	var level: PackedScene = _level()
	var tasks: Array[int] = []
	for i: int in 8:
		tasks.append(WorkerThreadPool.add_task(_make_and_free.bind(level)))
	for task: int in tasks:
		await wait_until(WorkerThreadPool.is_task_completed.bind(task), "a thread")
		WorkerThreadPool.wait_for_task_completion(task)
	var client := await _player("ada")
	check(client.is_logged_in(), "the main thread's node does not work")


func test_a_call_from_a_thread_says_so_and_its_request_ends() -> void:
	var client := await _player("ada")
	var requests: Array[NetworkRequest] = []
	# What it says in the console would count as a failure.
	Engine.print_error_messages = false
	var task: int = WorkerThreadPool.add_task(
		func() -> void:
			requests.append(client.register("eve", PASSWORD))
			requests.append(client.send_chat("from a thread"))
			requests.append(client.execute("/join trade"))
			client.retry_now()
			client.disconnect_from_server()
	)
	await wait_until(WorkerThreadPool.is_task_completed.bind(task), "the thread")
	WorkerThreadPool.wait_for_task_completion(task)
	Engine.print_error_messages = true
	for request: NetworkRequest in requests:
		if not request.is_completed:
			await request.completed
		await wait_until(func() -> bool: return request.is_completed, "the end of a request")
		check_equal(request.code, "malformed_packet", "the code")
	check(client.is_logged_in(), "a call from a thread ended the connection")
	check_equal(_server.get_said(), PackedStringArray(), "what was said")


func test_no_request_is_made_from_a_thread() -> void:
	var client := await _player("ada")
	var requests: Dictionary[String, NetworkRequest] = {}
	Engine.print_error_messages = false
	var task: int = WorkerThreadPool.add_task(
		func() -> void:
			for method: Dictionary in ClassDB.class_get_method_list(&"NetworkClient", true):
				if method["return"]["class_name"] == &"NetworkRequest":
					var name: String = method["name"]
					requests[name] = client.callv(name, _sensible(method))
	)
	await wait_until(WorkerThreadPool.is_task_completed.bind(task), "the thread")
	WorkerThreadPool.wait_for_task_completion(task)
	Engine.print_error_messages = true
	check(requests.size() >= 27, "only %d methods make requests" % requests.size())
	for name: String in requests:
		var request: NetworkRequest = requests[name]
		await wait_until(func() -> bool: return request.is_completed, "the end of " + name)
		check_equal(request.code, "malformed_packet", "the code of " + name)
	check(client.is_logged_in(), "a call from a thread logged the player out")


func test_a_call_deferred_by_a_thread_works() -> void:
	var client := await _player("ada")
	var task: int = WorkerThreadPool.add_task(
		func() -> void: client.send_chat.call_deferred("from a thread")
	)
	await wait_until(func() -> bool: return not _server.get_said().is_empty(), "the line")
	WorkerThreadPool.wait_for_task_completion(task)
	check_equal(_server.get_said(), PackedStringArray(["from a thread"]), "what was said")


func test_what_a_thread_reads_is_right() -> void:
	var client := await _player("ada")
	var read: Array = []
	var task: int = WorkerThreadPool.add_task(
		func() -> void:
			read.append_array([client.username, client.is_logged_in(), client.get_channels()])
	)
	await wait_until(WorkerThreadPool.is_task_completed.bind(task), "the thread")
	WorkerThreadPool.wait_for_task_completion(task)
	check_equal(read, ["ada", true, PackedStringArray(["lobby"])], "what the thread read")


func _put_together(level: PackedScene, server: LonghallFakeServer) -> Node:
	var made: Node = level.instantiate()
	var client: NetworkClient = made.get_node("NetworkClient")
	client.url = "ws://127.0.0.1:9"
	client.fake_server = server
	client.connect_timeout = 5.0
	client.history_lines = 10
	client.remember_file = "user://test_threads.cfg"
	client.reconnect_max_delay = 1.0
	return made


func _make_and_free(level: PackedScene) -> void:
	for i: int in 20:
		level.instantiate().free()


func _sensible(method: Dictionary) -> Array:
	var given: Array = []
	for parameter: Dictionary in method["args"]:
		var name: String = parameter["name"]
		match parameter["type"]:
			TYPE_INT:
				given.append(1)
			TYPE_BOOL:
				given.append(true)
			TYPE_DICTIONARY:
				given.append({level = 1})
			_:
				given.append(SENSIBLE.get(name, "ada"))
	return given


func _level() -> PackedScene:
	var root := Control.new()
	var client := NetworkClient.new()
	client.name = "NetworkClient"
	root.add_child(client)
	client.owner = root
	var level := PackedScene.new()
	level.pack(root)
	root.free()
	return level


func _player(name: String) -> NetworkClient:
	_server.add_account(name, PASSWORD)
	var client := NetworkClient.new()
	client.fake_server = _server
	client.connect_automatically = false
	await add(client)
	await client.connect_to_server().completed
	await client.login(name, PASSWORD).completed
	return client
