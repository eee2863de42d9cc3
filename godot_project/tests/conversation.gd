extends SceneTree
## One of two clients that talk by script, where there is no display to play on.
##
## [codeblock lang=text]
## godot --headless --path godot_project --fixed-fps 60 -s res://tests/conversation.gd --
##     --role=ada              and a second process with any other role, such as ben
##     --server=ws://…         where they meet
##     --control=127.0.0.1:…   lets ada restart the server; without it that part is left out
##     --room=TEXT             put behind the names, for a server that knows them already
## [/codeblock]
## Prints what happens as lines that start with [code]say: [/code], and
## [code]conversation: done[/code] at the end. Exit code 0 if all went as it should.

const Arguments := preload("res://tests/arguments.gd")
const ErrorCounter := preload("res://tests/error_counter.gd")
const Pace := preload("res://tests/pace.gd")
const ServerControl := preload("res://tests/server_control.gd")

const PASSWORD: String = "correct horse battery"
const LEADER: String = "ada"
const PATIENCE_MS: int = 40_000
const KNOCK_MS: int = 500
const EXIT_FAILED: int = 1

var _arguments := Arguments.new()
var _errors := ErrorCounter.new()
var _pace := Pace.new()
var _client := NetworkClient.new()
var _leads: bool = false
var _has_failed: bool = false

## What the node said since it was last asked, each as "signal" or "signal code".
var _news: Array[String] = []
## What the others said since they were last listened to.
var _heard: Array[String] = []


func _initialize() -> void:
	OS.add_logger(_errors)
	_connect_signals()
	await process_frame
	var role: String = Arguments.value_of("role", LEADER)
	_leads = role == LEADER
	var name: String = role.capitalize() + Arguments.value_of("room", "")
	await _play(name)
	_client.disconnect_from_server()
	await _expect("disconnected closed_by_client")
	for error: String in _errors.take():
		_fail(error)
	if not _has_failed:
		print("conversation: done")
	quit(EXIT_FAILED if _has_failed else 0)


func _process(_delta: float) -> bool:
	_pace.keep()
	return false


func _play(name: String) -> void:
	_client.url = _arguments.server
	_client.reconnect_max_delay = 2.0
	root.add_child(_client)
	await _expect("connected")

	_client.register(name, PASSWORD)
	await _expect("registered")
	_client.register(name.to_upper(), PASSWORD)
	await _expect("register_denied username_taken")
	_client.login(name, "not the password")
	await _expect("login_denied bad_credentials")
	_client.login(name, PASSWORD)
	await _expect("logged_in")

	await _meet("Is anybody in?", "Come in, sit down!")
	if _leads:
		await _listen("Thank you. [b]Bold[/b] mead you have here 🍺")
		await _tell("None bolder. Mind the roof, it is being mended.")
		await _listen("It looks sound to me.")
	else:
		await _tell("Thank you. [b]Bold[/b] mead you have here 🍺")
		await _listen("None bolder. Mind the roof, it is being mended.")
		await _tell("It looks sound to me.")

	if not _arguments.control.is_empty():
		await _sit_through_a_restart()

	_client.logout()
	await _expect("logged_out")
	_client.login(name, PASSWORD)
	await _expect("logged_in")
	await _meet("I am off. Farewell!", "Farewell!")
	# Whoever leaves first must not take the other's last line along.
	await _pause(500)


func _sit_through_a_restart() -> void:
	if _leads:
		print("say: * asks for a restart of the server")
		var control := ServerControl.new(_arguments.control)
		var trouble: String = await control.send("restart")
		if not trouble.is_empty():
			_fail("restart: " + trouble)
	await _expect("disconnected restarting")
	await _expect("connected")
	await _expect("logged_in")
	await _meet("What was that noise?", "Only the server. We are still who we were.")


# Two who do not know whether the other is there yet: one knocks until answered.
func _meet(knock: String, welcome: String) -> void:
	if _leads:
		await _listen(knock)
		await _tell(welcome)
		return
	var next_knock_ms: int = 0
	var deadline_ms: int = Time.get_ticks_msec() + PATIENCE_MS
	while not _took(_heard, welcome):
		var now: int = Time.get_ticks_msec()
		if now > deadline_ms:
			_fail("nobody answers")
			return
		if now >= next_knock_ms:
			next_knock_ms = now + KNOCK_MS
			_client.send_chat(knock)
		await process_frame


func _tell(text: String) -> void:
	_client.send_chat(text)
	await _expect("chat_accepted")


func _listen(text: String) -> void:
	await _until(func() -> bool: return _took(_heard, text), "hearing '%s'" % text)


func _expect(what: String) -> void:
	await _until(func() -> bool: return _took(_news, what), what)


# Takes everything up to and including what begins with the text.
func _took(list: Array[String], start: String) -> bool:
	for i: int in list.size():
		if list[i].begins_with(start):
			list.assign(list.slice(i + 1))
			return true
	return false


func _until(condition: Callable, what: String) -> void:
	if _has_failed:
		return
	var deadline_ms: int = Time.get_ticks_msec() + PATIENCE_MS
	while not condition.call():
		if Time.get_ticks_msec() > deadline_ms:
			_fail("waited in vain for " + what)
			return
		await process_frame


func _pause(milliseconds: int) -> void:
	var end_ms: int = Time.get_ticks_msec() + milliseconds
	while Time.get_ticks_msec() < end_ms:
		await process_frame


func _fail(complaint: String) -> void:
	_has_failed = true
	printerr("conversation: failed: ", complaint)


func _connect_signals() -> void:
	_client.connected.connect(_on_connected)
	_client.disconnected.connect(_on_disconnected)
	_client.reconnecting.connect(_on_reconnecting)
	_client.registered.connect(_on_registered)
	_client.register_denied.connect(_on_register_denied)
	_client.logged_in.connect(_on_logged_in)
	_client.login_denied.connect(_on_login_denied)
	_client.logged_out.connect(_on_logged_out)
	_client.chat_accepted.connect(func() -> void: _news.append("chat_accepted"))
	_client.chat_denied.connect(_on_chat_denied)
	_client.chat_received.connect(_on_chat_received)


func _note(news: String, text: String) -> void:
	_news.append(news)
	print("say: * ", text)


func _on_connected() -> void:
	_note("connected", "is connected")


func _on_disconnected(reason: String, will_retry: bool, _seconds: float) -> void:
	var then: String = ", and will try again" if will_retry else ""
	_note("disconnected " + reason, "is disconnected (%s)%s" % [reason, then])


func _on_reconnecting(attempt: int, seconds: float) -> void:
	_note("reconnecting", "makes try %d in %.1f seconds" % [attempt, seconds])


func _on_registered(username: String) -> void:
	_note("registered", "has registered the name %s" % username)


func _on_register_denied(code: String, reason: String) -> void:
	_note("register_denied " + code, "may not register: %s" % reason)


func _on_logged_in(username: String) -> void:
	_note("logged_in", "is logged in as %s" % username)


func _on_login_denied(code: String, reason: String) -> void:
	_note("login_denied " + code, "may not log in: %s" % reason)


func _on_logged_out(reason: String) -> void:
	_note("logged_out " + reason, "is logged out (%s)" % reason)


func _on_chat_denied(code: String, reason: String) -> void:
	_note("chat_denied " + code, "could not say that: %s" % reason)


func _on_chat_received(
	_channel: String, sender: String, text: String, _sent_at_ms: int, _seq: int
) -> void:
	print('say: %s says: "%s"' % [sender, text])
	if sender != _client.username:
		_heard.append(text)
