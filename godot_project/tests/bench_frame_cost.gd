extends SceneTree
## Measures what a received line of chat costs the main thread: the node, beside a client in
## GDScript that does the same by [WebSocketPeer] and [method JSON.parse_string].
##
## [codeblock lang=text]
## godot --headless --path godot_project --fixed-fps 60 -s res://tests/bench_frame_cost.gd --
##     --server=ws://…    a server that limits neither logins nor packets
## [/codeblock]
## Both receive the same lines, in the same frames, from the same server, and hand each one to a
## handler of the same kind. Prints one line for people and one of JSON for each figure.

const Arguments := preload("res://tests/arguments.gd")

const PASSWORD: String = "correct horse"
const ROUNDS: int = 7
const LINES_PER_ROUND: int = 3200
const LINES_PER_FRAME: int = 64
const IDLE_FRAMES: int = 2000
## Time for a frame's lines to get to the server and back.
const TRAVEL_USEC: int = 3000
const BURST: int = 10_000
const PATIENCE_MS: int = 30_000

var _arguments := Arguments.new()
var _node: NetworkClient
var _script: ScriptClient
var _talker: NetworkClient
var _node_watch := Stopwatch.new()
var _script_watch := Stopwatch.new()
var _accepted: int = 0
var _failed: bool = false


func _initialize() -> void:
	await process_frame
	_node = await _player("ada", _node_watch)
	_talker = await _player("ben")
	_script = ScriptClient.new()
	root.add_child(_script)
	await _script_login()
	_talker.chat_accepted.connect(func() -> void: _accepted += 1)
	_watch(_script, _script_watch, 20)
	_node.chat_received.connect(
		func(_channel: String, _sender: String, text: String, _at: int, _seq: int) -> void:
			_node_watch.lines += 1
			_node_watch.characters += text.length()
	)
	_script.chat_received.connect(
		func(_channel: String, _sender: String, text: String, _at: int, _seq: int) -> void:
			_script_watch.lines += 1
			_script_watch.characters += text.length()
	)
	await _measure_lines()
	await _measure_idle()
	await _measure_burst()
	quit(1 if _failed else 0)


func _measure_lines() -> void:
	# Warms up both; not counted.
	await _round()
	var node_costs: Array[float] = []
	var script_costs: Array[float] = []
	for i: int in ROUNDS:
		await _round()
		node_costs.append(_node_watch.usec_per_line())
		script_costs.append(_script_watch.usec_per_line())
	_report("received line, NetworkClient", node_costs, "µs")
	_report("received line, GDScript", script_costs, "µs")
	_report_ratio("received line, NetworkClient to GDScript", node_costs, script_costs)


func _round() -> void:
	_node_watch.reset()
	_script_watch.reset()
	_accepted = 0
	var sent: int = 0
	var deadline: int = Time.get_ticks_msec() + PATIENCE_MS
	while mini(_accepted, mini(_node_watch.lines, _script_watch.lines)) < LINES_PER_ROUND:
		# The talker may have so many under way.
		while sent < LINES_PER_ROUND and sent < _accepted + LINES_PER_FRAME:
			_talker.send_chat("line %d of a conversation about bears and mead" % sent)
			sent += 1
		# So that they are all there in the next frame, as in a game of 60 frames a
		# second; awake, because the first to work after a sleep pays for it.
		_stay_awake()
		await process_frame
		if Time.get_ticks_msec() > deadline:
			_fail(
				(
					"waited in vain for %d lines: sent %d, accepted %d, heard %d and %d"
					% [LINES_PER_ROUND, sent, _accepted, _node_watch.lines, _script_watch.lines]
				)
			)
			return


func _stay_awake() -> void:
	var end: int = Time.get_ticks_usec() + TRAVEL_USEC
	while Time.get_ticks_usec() < end:
		pass


func _measure_idle() -> void:
	var node_costs: Array[float] = []
	var script_costs: Array[float] = []
	for i: int in ROUNDS:
		_node_watch.reset()
		_script_watch.reset()
		for frame: int in IDLE_FRAMES:
			await process_frame
		node_costs.append(_node_watch.usec_per_frame())
		script_costs.append(_script_watch.usec_per_frame())
	_report("idle frame, NetworkClient", node_costs, "µs")
	_report("idle frame, GDScript", script_costs, "µs")
	_report_ratio("idle frame, NetworkClient to GDScript", node_costs, script_costs)


# Lines that are all there at once, as after a stall: how long is the longest frame?
func _measure_burst() -> void:
	var server := LonghallFakeServer.new()
	server.add_account("ada", PASSWORD)
	var client := NetworkClient.new()
	client.fake_server = server
	client.connect_automatically = false
	var watch := Stopwatch.new()
	_add_watched(client, watch)
	await client.connect_to_server().completed
	await client.login("ada", PASSWORD).completed
	client.chat_received.connect(
		func(_channel: String, _sender: String, _text: String, _at: int, _seq: int) -> void:
			watch.lines += 1
	)
	var longest: Array[float] = []
	var frames: Array[float] = []
	for i: int in ROUNDS:
		watch.reset()
		for line: int in BURST:
			server.say("bo", "line %d of a conversation about bears and mead" % line)
		while watch.lines < BURST:
			await process_frame
		longest.append(watch.longest_usec / 1000.0)
		frames.append(float(watch.busy_frames))
	_report("longest frame of a burst of %d lines" % BURST, longest, "ms")
	_report("frames it is spread over", frames, "")
	client.queue_free()


func _player(name: String, watch: Stopwatch = null) -> NetworkClient:
	var client := NetworkClient.new()
	client.url = _arguments.server
	client.connect_automatically = false
	if watch == null:
		root.add_child(client)
	else:
		_add_watched(client, watch)
	await client.connect_to_server().completed
	await client.register(name, PASSWORD).completed
	var login: NetworkRequest = await client.login(name, PASSWORD).completed
	if not login.ok:
		_fail("%s: %s" % [name, login.code])
	return client


func _script_login() -> void:
	var account: NetworkClient = await _player("signe")
	account.free()
	_script.start(_arguments.server, "signe", PASSWORD)
	while not _script.is_logged_in:
		await process_frame


# The node works when the tree says that a frame begins, in the order of who came first.
func _add_watched(client: NetworkClient, watch: Stopwatch) -> void:
	process_frame.connect(watch.start)
	root.add_child(client)
	process_frame.connect(watch.stop)


# Others work in their _process; nodes before and after them take the time.
func _watch(node: Node, watch: Stopwatch, priority: int) -> void:
	node.process_priority = priority
	var before := Mark.new(watch.start)
	before.process_priority = priority - 1
	root.add_child(before)
	var after := Mark.new(watch.stop)
	after.process_priority = priority + 1
	root.add_child(after)


func _report(what: String, values: Array[float], unit: String) -> void:
	var sorted: Array[float] = values.duplicate()
	sorted.sort()
	var median: float = sorted[sorted.size() >> 1]
	var figure := {what = what, unit = unit, median = median, least = sorted[0], most = sorted[-1]}
	print("%-44s %8.2f %-2s (%.2f to %.2f)" % [what, median, unit, sorted[0], sorted[-1]])
	print("figure: ", JSON.stringify(figure))


func _report_ratio(what: String, ours: Array[float], theirs: Array[float]) -> void:
	var ratios: Array[float] = []
	for i: int in ours.size():
		ratios.append(ours[i] / theirs[i])
	_report(what, ratios, "×")


func _fail(complaint: String) -> void:
	_failed = true
	printerr("bench: ", complaint)


## What stands beside a node in the order of processing.
class Mark:
	extends Node

	var _call: Callable

	func _init(to_call: Callable) -> void:
		_call = to_call

	func _process(_delta: float) -> void:
		_call.call()


class Stopwatch:
	extends RefCounted

	var lines: int = 0
	var characters: int = 0
	var frames: int = 0
	var busy_frames: int = 0
	var longest_usec: int = 0
	var _usec: int = 0
	var _busy_usec: int = 0
	var _started: int = 0
	var _lines_before: int = 0

	func reset() -> void:
		lines = 0
		frames = 0
		busy_frames = 0
		longest_usec = 0
		_usec = 0
		_busy_usec = 0

	func start() -> void:
		_lines_before = lines
		_started = Time.get_ticks_usec()

	func stop() -> void:
		var took: int = Time.get_ticks_usec() - _started
		frames += 1
		_usec += took
		longest_usec = maxi(longest_usec, took)
		if lines > _lines_before:
			busy_frames += 1
			_busy_usec += took

	func usec_per_line() -> float:
		return float(_busy_usec) / lines

	func usec_per_frame() -> float:
		return float(_usec) / frames


## What a game without the addon would write: the engine's socket and the engine's JSON.
class ScriptClient:
	extends Node

	signal chat_received(channel: String, sender: String, text: String, sent_at_ms: int, seq: int)

	var is_logged_in: bool = false
	var _peer := WebSocketPeer.new()
	var _username: String
	var _password: String

	func start(url: String, username: String, password: String) -> void:
		_username = username
		_password = password
		_peer.supported_protocols = ["longhall.v2"]
		_peer.inbound_buffer_size = 4 << 20
		_peer.max_queued_packets = 16 * 1024
		_peer.connect_to_url(url)

	func _process(_delta: float) -> void:
		_peer.poll()
		while _peer.get_available_packet_count() > 0:
			var parsed: Variant = JSON.parse_string(_peer.get_packet().get_string_from_utf8())
			if parsed is Dictionary:
				var packet: Dictionary = parsed
				_handle(packet)

	func _handle(packet: Dictionary) -> void:
		match packet.get("type"):
			"hello":
				_send({type = "hello", id = 1, protocol = 2, client = "script"})
				_send({type = "login", id = 2, username = _username, password = _password})
			"logged_in":
				is_logged_in = true
			"chat":
				var channel: String = packet["channel"]
				var sender: String = packet["sender"]
				var text: String = packet["text"]
				var sent_at_ms: int = packet["sent_at_ms"]
				var seq: int = packet["seq"]
				chat_received.emit(channel, sender, text, sent_at_ms, seq)

	func _send(packet: Dictionary) -> void:
		_peer.send_text(JSON.stringify(packet))
