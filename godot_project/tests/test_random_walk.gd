extends "res://tests/test_case.gd"
## Nodes and a fake server in disorder: whatever happens, each request ends, and ends once.

const PASSWORD: String = "correct horse"
const FRAMES: int = 300
const CLIENTS: int = 3
const NAMES: Array[String] = ["ada", "ben", "x"]
const REASONS: Array[String] = ["restarting", "connection_lost", "logged_in_elsewhere", "kicked"]

var _random := RandomNumberGenerator.new()
var _server := LonghallFakeServer.new()
var _clients: Array[NetworkClient] = []
var _requests: Array[NetworkRequest] = []
var _endings: Dictionary[NetworkRequest, int] = {}


func test_each_request_ends_once() -> void:
	# Other paths in every run; a failure says which one to walk again.
	_random.seed = randi()
	_server.add_account("ada", PASSWORD)
	_server.add_account("ben", PASSWORD)
	for i: int in CLIENTS:
		await _new_client()
	for i: int in FRAMES:
		for k: int in _random.randi_range(0, 3):
			_act()
		await frames(1)
	for client: NetworkClient in _clients:
		if not client.is_inside_tree():
			tree.root.add_child(client)
	await wait_until(_all_have_ended, "the end of all requests, seed %d" % _random.seed)
	check(_requests.size() > FRAMES / 2.0, "only %d requests were made" % _requests.size())
	for request: NetworkRequest in _requests:
		var ended: int = _endings.get(request, 0)
		check(ended == 1, "%s ended %d times, seed %d" % [request.code, ended, _random.seed])


func _all_have_ended() -> bool:
	return _endings.size() == _requests.size()


func _new_client() -> void:
	var client := NetworkClient.new()
	client.fake_server = _server
	client.connect_automatically = false
	client.request_timeout = 1.0
	client.connect_timeout = 1.0
	client.reconnect_max_delay = 0.5
	_clients.append(client)
	await add(client)


func _act() -> void:
	var client: NetworkClient = _clients[_random.randi() % _clients.size()]
	var name: String = NAMES[_random.randi() % NAMES.size()]
	var reason: String = REASONS[_random.randi() % REASONS.size()]
	match _random.randi() % 20:
		0, 1, 2:
			_track(client.connect_to_server())
		3, 4:
			_track(client.login(name, PASSWORD))
		5:
			_track(client.register(name, PASSWORD))
		6:
			_track(client.logout())
		7, 8, 9:
			_track(client.send_chat("Hello!"))
		10:
			client.disconnect_from_server()
		11:
			client.retry_now()
		12:
			_server.close_in(_random.randf() * 0.2, reason)
		13:
			_server.is_reachable = _random.randf() < 0.7
		14:
			_server.ignore_next("login" if _random.randf() < 0.5 else "chat")
		15:
			_server.deny_next("resume", "busy", 0.1)
		16:
			_server.answer_delay = 0.1 if _random.randf() < 0.3 else 0.0
		17:
			if client.is_inside_tree():
				tree.root.remove_child(client)
			else:
				tree.root.add_child(client)
		18:
			client.url = "ws://127.0.0.1:%d" % _random.randi_range(1, 2)
		19:
			if _random.randf() < 0.3:
				_replace(client)


func _replace(client: NetworkClient) -> void:
	_clients.erase(client)
	client.free()
	_new_client()


func _track(request: NetworkRequest) -> void:
	_requests.append(request)
	request.completed.connect(
		func(ended: NetworkRequest) -> void:
			check(ended == request and ended.is_completed, "another request came")
			_endings[request] = _endings.get(request, 0) + 1
			# A script that hears of an end may go on at once.
			if _random.randf() < 0.2:
				_act()
	)
