extends "res://tests/conversation.gd"
## One of three clients that talk by script, each on a server of its own, while one of the
## servers is killed.
##
## [codeblock lang=text]
## godot --headless --path godot_project --fixed-fps 60 -s res://tests/three_servers.gd --
##     --role=ada              and two more processes, --role=ben and --role=cleo
##     --server=ws://…         what stands in front of the servers
##     --control-GATE=127.0.0.1:…   where ben kills the server whose message of the day is GATE
## [/codeblock]
## Prints what happens as the conversation of two does. What is said in the lobby is said in
## turns, so that all see it in one order, whoever is slow.

const EVERYBODY: Array[String] = ["Ada", "Ben", "Cleo"]
const GATE_START: String = "I came in by the "
## Longer than the time after which the servers count one of theirs as gone.
const SILENCE_MS: int = 7000
const MS_PER_SECOND: float = 1000.0

## By whose gate each came in, as they said.
var _gates: Dictionary[String, String] = {}
## What was whispered to this player.
var _whispered: Array[String] = []
## When the connection was lost, and when the player was in again.
var _cut_at_ms: int = 0
var _back_at_ms: int = 0
## Whether players may leave.
var _is_over: bool = false


func _play(name: String) -> void:
	_client.url = _arguments.server
	_client.reconnect_max_delay = 2.0
	root.add_child(_client)
	await _expect("connected")
	_do("comes in by the %s" % _client.message_of_the_day)
	_client.register(name, PASSWORD)
	await _expect("registered")
	await _enter(name)
	await _see_everybody()

	await _take_turns(GATE_START + _client.message_of_the_day)
	for other: String in EVERYBODY:
		if other != name and _gates.get(other) == _client.message_of_the_day:
			_fail("%s is on the same server" % other)
	await _whisper_round("Psst, %s. Mind the roof.")

	match name:
		"Ada":
			await _lose_the_server()
		"Ben":
			await _kill_the_server_of("Ada")
	await _hear_both("That gate is gone!", "What was that noise?")
	await _whisper_round("Are you still there, %s?")
	await _see_everybody()

	_do("sits through the silence of that server")
	await _pause(SILENCE_MS)
	await _see_everybody()
	_is_over = true
	await _take_turns("Farewell!")
	_do("leaves")


func _lose_the_server() -> void:
	await _expect("disconnected connection_lost")
	await _expect("logged_in")
	var away: float = (_back_at_ms - _cut_at_ms) / MS_PER_SECOND
	_do("was back by the %s after %.1f seconds" % [_client.message_of_the_day, away])
	if _client.message_of_the_day == _gates.get(_client.username):
		_fail("the killed server has answered")
	await _hear_whisper("Are you well?")


func _kill_the_server_of(player: String) -> void:
	var gate: String = _gates.get(player, "")
	_do("has the server behind the %s killed" % gate)
	var control := ServerControl.new(
		Arguments.value_of("control-" + gate.get_slice(" ", 0), "127.0.0.1:0")
	)
	var trouble: String = await control.send("kill")
	if not trouble.is_empty():
		_fail("kill: " + trouble)
	_client.send_chat("That gate is gone!")
	_client.send_chat("Are you well?", "@" + player)


# Each says it once, when those before have said it.
func _take_turns(text: String) -> void:
	var start: String = GATE_START if text.begins_with(GATE_START) else text
	for player: String in EVERYBODY:
		if player == _client.username:
			_client.send_chat(text)
		await _listen(start)


# Each whispers to the next, and hears the one before.
func _whisper_round(text: String) -> void:
	var i: int = EVERYBODY.find(_client.username)
	var next: String = EVERYBODY[(i + 1) % EVERYBODY.size()]
	_client.send_chat(text % next, "@" + next)
	await _hear_whisper(text % _client.username)


func _hear_whisper(text: String) -> void:
	await _until(func() -> bool: return _took(_whispered, text), "the whisper '%s'" % text)


# Two lines of which nobody knows which comes first.
func _hear_both(one: String, other: String) -> void:
	await _until(func() -> bool: return one in _heard and other in _heard, "hearing both of them")
	_heard.clear()


# What everybody must see at the same time, whichever server they ask.
func _see_everybody() -> void:
	var deadline_ms: int = Time.get_ticks_msec() + PATIENCE_MS
	var online: Array[String] = []
	while online != EVERYBODY and not _has_failed:
		if Time.get_ticks_msec() > deadline_ms:
			_fail("sees only %s" % ", ".join(online))
		await _pause(100)
		var asked: NetworkRequest = await _client.list_members(_client.lobby).completed
		if not asked.ok:
			_fail("who is there? " + asked.reason)
			return
		online.clear()
		var rows: Array[Dictionary] = asked.result
		for row: Dictionary in rows:
			var username: String = row["username"]
			if row["state"] == "online":
				online.append(username)
		online.sort()
	_do("sees online: " + ", ".join(online))


func _on_disconnected(reason: String, will_retry: bool, seconds: float) -> void:
	_cut_at_ms = Time.get_ticks_msec()
	if will_retry:
		# While there is no connection.
		_client.send_chat("What was that noise?")
	super(reason, will_retry, seconds)


func _on_logged_in(username: String) -> void:
	_back_at_ms = Time.get_ticks_msec()
	super(username)


# Somebody who is back soon is not seen to leave.
func _on_left(channel: String, username: String) -> void:
	super(channel, username)
	if _gates.size() == EVERYBODY.size() and not _is_over:
		_fail("%s was seen to leave" % username)


# Unlike in the conversation of two, a player listens to itself: its own lines have their
# place in the order as well.
func _on_chat_received(
	channel: String, sender: String, text: String, _sent_at_ms: int, _seq: int
) -> void:
	if channel.begins_with("@"):
		print('say: %s whispers: "%s"' % [sender, text])
		if sender != _client.username:
			_whispered.append(text)
		return
	print('say: %s says: "%s"' % [sender, text])
	_heard.append(text)
	if text.begins_with(GATE_START):
		_gates[sender] = text.trim_prefix(GATE_START)
