extends SceneTree
## Measures what chat costs the main thread: the node, beside a client in GDScript that does
## the same by [WebSocketPeer] and [method JSON.parse_string], and the chatbox on top of it.
## A third client only takes what the engine's socket has: nobody can cost less.
##
## [codeblock lang=text]
## godot --headless --path godot_project --fixed-fps 60 -s res://tests/bench_frame_cost.gd --
##     --server=ws://…    a server that limits neither logins nor packets
##     --only=TEXT        only the parts whose name contains it: lines, idle, burst, chatbox
## [/codeblock]
## All of them receive the same lines, in the same frames, from the same server, and hand each
## one to a handler of the same kind. A frame's time is taken around the client alone, less what
## taking the time costs; frames that something else has held up are left out, see
## [method Stopwatch.typical]. Prints one line for people and one of JSON for each figure.

const Arguments := preload("res://tests/arguments.gd")
const FrameWatch := preload("res://tests/frame_watch.gd")
const ScriptClient := preload("res://tests/script_client.gd")
const CHATBOX: PackedScene = preload("res://addons/longhall/scenes/chatbox/chatbox.tscn")
const THEME: Theme = preload("res://addons/longhall/themes/longhall_theme.tres")

const PASSWORD: String = "correct horse"
const ROUNDS: int = 7
## A quiet chat, a lively one, and one that comes in bunches: fixed costs of a frame weigh the
## more the fewer lines share them. The talker may not have more than the last under way.
const LINES_PER_FRAME: Array[int] = [1, 8, 64]
const FRAMES_PER_ROUND: int = 60
const IDLE_FRAMES: int = 2000
## Time for a frame's lines to get to the server, onto its disk, and back.
const TRAVEL_USEC: int = 10_000
const BURST: int = 10_000
const CHATBOX_ROUNDS: int = 5
const LINES_SHOWN: int = 200
## More of the frames than write no line.
const FRAMES_THAT_WRITE: float = 0.92
const LINES_OF_LABEL: int = 80
## Lines that come one by one, and how far apart.
const LINES_ALONE: int = 30
const FRAMES_BETWEEN: int = 12
const PATIENCE_MS: int = 30_000
const WINDOW := Vector2i(1152, 648)

var _arguments := Arguments.new()
var _node: NetworkClient
var _script: ScriptClient
var _socket: ScriptClient
var _talker: NetworkClient
var _node_watch := Stopwatch.new()
var _script_watch := Stopwatch.new()
var _socket_watch := Stopwatch.new()
## What taking the time costs, in the way of each of them.
var _signal_watch := Stopwatch.new()
var _process_watch := Stopwatch.new()
var _sent: int = 0
var _accepted: int = 0
var _failed: bool = false


func _initialize() -> void:
	await process_frame
	root.size = WINDOW
	await _enter_clients()
	await _part("lines", _measure_lines)
	await _part("idle", _measure_idle)
	_leave_clients()
	await _part("burst", _measure_burst)
	await _part("chatbox", _measure_chatbox)
	quit(1 if _failed else 0)


func _part(name: String, measure: Callable) -> void:
	var only: String = Arguments.value_of("only", "")
	if only.is_empty() or name.contains(only):
		await measure.call()


func _enter_clients() -> void:
	process_frame.connect(_signal_watch.start)
	process_frame.connect(_signal_watch.stop)
	_node = await _player("ada", _node_watch)
	_talker = await _player("ben")
	_talker.chat_accepted.connect(func() -> void: _accepted += 1)
	_script = await _script_player("signe")
	_socket = await _script_player("sven")
	_socket.only_takes = true
	_watch(_script, _script_watch, 20)
	_watch(_socket, _socket_watch, 25)
	_watch(null, _process_watch, 30)
	_node.chat_received.connect(
		func(_channel: String, _sender: String, text: String, _at: int, _seq: int) -> void:
			_node_watch.lines += 1
			_node_watch.characters += text.length()
	)
	for client: ScriptClient in [_script, _socket]:
		var watch: Stopwatch = _script_watch if client == _script else _socket_watch
		client.chat_received.connect(
			func(_channel: String, _sender: String, text: String, _at: int, _seq: int) -> void:
				watch.lines += 1
				watch.characters += text.length()
		)


func _leave_clients() -> void:
	_node.queue_free()
	_talker.queue_free()
	_script.queue_free()
	_socket.queue_free()


func _measure_lines() -> void:
	for lines: int in LINES_PER_FRAME:
		# Warms up both; not counted.
		await _round(lines)
		var node_costs: Array[float] = []
		var script_costs: Array[float] = []
		var socket_costs: Array[float] = []
		for i: int in ROUNDS:
			await _round(lines)
			node_costs.append(_node_watch.typical() - _signal_watch.typical() / lines)
			script_costs.append(_script_watch.typical() - _process_watch.typical() / lines)
			socket_costs.append(_socket_watch.typical() - _process_watch.typical() / lines)
		var what: String = "received line"
		if lines != LINES_PER_FRAME[-1]:
			what += ", %d a frame" % lines
		_report_both(what, node_costs, script_costs)
		_report(what + ", socket", socket_costs, "µs")


# Sends so many lines and lets one client take them, then the next, again and again: each
# meets them alone, in a frame in which nobody has worked with a socket before.
func _round(lines: int) -> void:
	_reset_watches()
	for watch: Stopwatch in [_node_watch, _script_watch, _socket_watch]:
		watch.wants = lines
	var clients: Array[Node] = [_node, _script, _socket]
	for i: int in clients.size() * FRAMES_PER_ROUND:
		for line: int in lines:
			_talker.send_chat("line %d of a conversation about bears and mead" % _sent)
			_sent += 1
		_set_at_work([clients[i % clients.size()]])
		# So that they are all there in the next frame, as in a game of 60 frames a
		# second; awake, because the first to work after a sleep pays for it.
		_stay_awake()
		await process_frame
		await process_frame
		_set_at_work([_node, _script, _socket, _talker])
		var deadline: int = Time.get_ticks_msec() + PATIENCE_MS
		while mini(_accepted, _heard_by_all()) < _sent:
			await process_frame
			if Time.get_ticks_msec() > deadline:
				var heard: Array[int] = [_node_watch.lines, _script_watch.lines]
				_fail("waited in vain: sent %d, accepted %d, heard %s" % [_sent, _accepted, heard])
				return


func _heard_by_all() -> int:
	return mini(_node_watch.lines, mini(_script_watch.lines, _socket_watch.lines))


func _set_at_work(those: Array[Node]) -> void:
	for client: Node in [_node, _script, _socket, _talker]:
		var works: bool = client in those
		client.process_mode = Node.PROCESS_MODE_ALWAYS if works else Node.PROCESS_MODE_DISABLED
	# One that catches up on what another one had to itself is not measured.
	_node_watch.is_on = those == [_node]
	_script_watch.is_on = those == [_script]
	_socket_watch.is_on = those == [_socket]


func _stay_awake() -> void:
	var end: int = Time.get_ticks_usec() + TRAVEL_USEC
	while Time.get_ticks_usec() < end:
		pass


func _measure_idle() -> void:
	var node_costs: Array[float] = []
	var script_costs: Array[float] = []
	var socket_costs: Array[float] = []
	for i: int in ROUNDS:
		_reset_watches()
		for frame: int in IDLE_FRAMES:
			await process_frame
		node_costs.append(_node_watch.typical() - _signal_watch.typical())
		script_costs.append(_script_watch.typical() - _process_watch.typical())
		socket_costs.append(_socket_watch.typical() - _process_watch.typical())
	_report_both("idle frame", node_costs, script_costs)
	_report("idle frame, socket", socket_costs, "µs")


# Lines that are all there at once, as after a stall: how long is the longest frame?
func _measure_burst() -> void:
	var server := LonghallFakeServer.new()
	var watch := Stopwatch.new()
	var client: NetworkClient = await _fake_player(server, watch)
	client.chat_received.connect(
		func(_channel: String, _sender: String, _text: String, _at: int, _seq: int) -> void:
			watch.lines += 1
	)
	var longest: Array[float] = []
	var frames: Array[float] = []
	for i: int in ROUNDS:
		watch.reset()
		_say_burst(server)
		var heard: int = watch.lines + BURST
		while watch.lines < heard:
			await process_frame
		longest.append(watch.longest_usec / 1000.0)
		frames.append(float(watch.busy_frames))
	_report("longest frame of a burst of %d lines" % BURST, longest, "ms")
	_report("frames it is spread over", frames, "")
	client.queue_free()


# The same with a chatbox that shows them. A frame is all that the engine does in it.
func _measure_chatbox() -> void:
	var server := LonghallFakeServer.new()
	var client: NetworkClient = await _fake_player(server)
	var chatbox: Chatbox = CHATBOX.instantiate()
	chatbox.client = client
	root.add_child(chatbox)
	var chat_log: ChatLog = chatbox.get_log("lobby")
	var said: int = 0
	var watch := FrameWatch.new()
	process_frame.connect(watch.tick)
	await _frames(LINES_SHOWN)
	watch.reset()
	await _frames(LINES_SHOWN)
	var idle_usec: float = watch.typical()
	_report("whole idle frame with a chatbox", [idle_usec], "µs")
	for is_full: bool in [false, true]:
		var suffix: String = ", full log" if is_full else ""
		var longest: Array[float] = []
		var late: Array[float] = []
		var frames: Array[float] = []
		for i: int in CHATBOX_ROUNDS:
			if not is_full:
				chat_log.forget()
				await _written(chat_log)
			_say_burst(server)
			said += BURST
			watch.reset()
			await _written(chat_log, said)
			longest.append(watch.longest() / 1000.0)
			late.append(watch.at(0.99) / 1000.0)
			frames.append(float(watch.frames()))
		_report("longest frame of a burst with a chatbox" + suffix, longest, "ms")
		_report("99 of 100 frames of it are within" + suffix, late, "ms")
		_report("frames it is spread over" + suffix, frames, "")
		var costs: Array[float] = []
		var written: Array[float] = []
		for i: int in CHATBOX_ROUNDS:
			watch.reset()
			for line: int in LINES_SHOWN:
				server.say("bo", "line %d of a conversation about bears and mead" % line)
				await process_frame
			# The mean: a few lines are written together.
			costs.append(watch.mean() - idle_usec)
			written.append(watch.at(FRAMES_THAT_WRITE))
			said += LINES_SHOWN
			await _written(chat_log, said)
		_report("line in a frame, shown by a chatbox" + suffix, costs, "µs")
		_report("the longer frames of these" + suffix, written, "µs")
		var alone: Array[float] = []
		for i: int in CHATBOX_ROUNDS:
			watch.reset()
			for line: int in LINES_ALONE:
				server.say("bo", "line %d of a conversation about bears and mead" % line)
				await _frames(FRAMES_BETWEEN)
			alone.append(watch.at(1.0 - 0.5 / FRAMES_BETWEEN) - idle_usec)
			said += LINES_ALONE
			await _written(chat_log, said)
		_report("frame of a line by itself, shown by a chatbox" + suffix, alone, "µs")
	var area: Vector2 = chat_log.size
	client.queue_free()
	chatbox.queue_free()
	await _frames(2)
	await _measure_bare_label(area, watch)


# What the engine alone takes: the same text and size, no more lines than a chatbox lays
# out, and one line for another in each frame.
func _measure_bare_label(area: Vector2, watch: FrameWatch) -> void:
	var label := RichTextLabel.new()
	label.theme = THEME
	label.size = area
	label.scroll_following = true
	root.add_child(label)
	for line: int in LINES_OF_LABEL:
		_write_bare(label, line)
	await _frames(LINES_SHOWN)
	watch.reset()
	await _frames(LINES_SHOWN)
	var idle_usec: float = watch.typical()
	var drawn: Array[float] = []
	var costs: Array[float] = []
	for i: int in CHATBOX_ROUNDS:
		watch.reset()
		for frame: int in LINES_SHOWN:
			label.queue_redraw()
			await process_frame
		drawn.append(watch.mean() - idle_usec)
		watch.reset()
		for line: int in LINES_SHOWN:
			_write_bare(label, line)
			label.remove_paragraph(0, true)
			await process_frame
		costs.append(watch.mean() - idle_usec)
	_report("a RichTextLabel drawn anew", drawn, "µs")
	_report("line in a frame, shown by a RichTextLabel", costs, "µs")
	label.queue_free()


func _write_bare(label: RichTextLabel, line: int) -> void:
	label.push_color(Color.GRAY)
	label.add_text("12:34  ")
	label.pop()
	label.push_bold()
	label.push_color(Color.LIGHT_BLUE)
	label.add_text("bo")
	label.pop()
	label.pop()
	label.add_text(": line %d of a conversation about bears and mead" % line)
	label.newline()


func _frames(count: int) -> void:
	for frame: int in count:
		await process_frame


# Until the line with that number is there, and all are written.
func _written(chat_log: ChatLog, seq: int = 0) -> void:
	while chat_log.newest_seq() < seq or not chat_log.is_written():
		await process_frame


func _say_burst(server: LonghallFakeServer) -> void:
	for line: int in BURST:
		server.say("bo", "line %d of a conversation about bears and mead" % line)


func _fake_player(server: LonghallFakeServer, watch: Stopwatch = null) -> NetworkClient:
	server.add_account("ada", PASSWORD)
	var client := NetworkClient.new()
	client.fake_server = server
	client.connect_automatically = false
	if watch == null:
		root.add_child(client)
	else:
		_add_watched(client, watch)
	await client.connect_to_server().completed
	await client.login("ada", PASSWORD).completed
	return client


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


func _script_player(name: String) -> ScriptClient:
	var account: NetworkClient = await _player(name)
	account.free()
	var client := ScriptClient.new()
	root.add_child(client)
	client.start(_arguments.server, name, PASSWORD)
	while not client.is_logged_in:
		await process_frame
	return client


# The node works when the tree says that a frame begins, in the order of who came first.
func _add_watched(client: NetworkClient, watch: Stopwatch) -> void:
	process_frame.connect(watch.start)
	root.add_child(client)
	process_frame.connect(watch.stop)


# Others work in their _process; nodes before and after them take the time.
func _watch(node: Node, watch: Stopwatch, priority: int) -> void:
	if node != null:
		node.process_priority = priority
	var before := Mark.new(watch.start)
	before.process_priority = priority - 1
	root.add_child(before)
	var after := Mark.new(watch.stop)
	after.process_priority = priority + 1
	root.add_child(after)


func _reset_watches() -> void:
	for watch: Stopwatch in [_node_watch, _script_watch, _socket_watch]:
		watch.reset()
	_signal_watch.reset()
	_process_watch.reset()


func _report(what: String, values: Array[float], unit: String) -> void:
	var sorted: Array[float] = values.duplicate()
	sorted.sort()
	var median: float = sorted[sorted.size() >> 1]
	var figure := {what = what, unit = unit, median = median, least = sorted[0], most = sorted[-1]}
	print("%-52s %8.2f %-2s (%.2f to %.2f)" % [what, median, unit, sorted[0], sorted[-1]])
	print("figure: ", JSON.stringify(figure))


func _report_both(what: String, ours: Array[float], theirs: Array[float]) -> void:
	_report(what + ", NetworkClient", ours, "µs")
	_report(what + ", GDScript", theirs, "µs")
	var ratios: Array[float] = []
	for i: int in ours.size():
		ratios.append(ours[i] / theirs[i])
	_report(what + ", NetworkClient to GDScript", ratios, "×")


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


## Takes the time of one client in each frame.
class Stopwatch:
	extends RefCounted

	var is_on: bool = true
	var lines: int = 0
	var characters: int = 0
	## Lines of a frame that counts, as long as half of them came at once; 0 for frames of any
	## kind.
	var wants: int = 0
	var busy_frames: int = 0
	var longest_usec: int = 0
	# Of a line, or of a frame.
	var _costs := PackedFloat32Array()
	var _started: int = 0
	var _lines_before: int = 0

	func reset() -> void:
		is_on = true
		wants = 0
		busy_frames = 0
		longest_usec = 0
		_costs.clear()

	func start() -> void:
		_lines_before = lines
		_started = Time.get_ticks_usec()

	func stop() -> void:
		var took: int = Time.get_ticks_usec() - _started
		var came: int = lines - _lines_before
		longest_usec = maxi(longest_usec, took)
		busy_frames += signi(came)
		if not is_on:
			return
		if wants == 0:
			_costs.append(took)
		elif came * 2 >= wants:
			_costs.append(took / float(came))

	## Microseconds of a line, or of a frame: the mean of the middle half. What takes the
	## processor away for a moment shows in a few frames, and is not the client's.
	func typical() -> float:
		var sorted: PackedFloat32Array = _costs.duplicate()
		sorted.sort()
		var from: int = sorted.size() >> 2
		var sum: float = 0.0
		for i: int in range(from, sorted.size() - from):
			sum += sorted[i]
		return sum / (sorted.size() - 2 * from)
