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
## A newcomer reads it as the first thing of all: it shall read well. In a test the addon of the
## version before plays one part by its own copy of it, so what is said stays as it is.

const Arguments := preload("res://tests/arguments.gd")
const ErrorCounter := preload("res://tests/error_counter.gd")
const Pace := preload("res://tests/pace.gd")
const ServerControl := preload("res://tests/server_control.gd")

const PASSWORD: String = "correct horse battery"
const LEADER: String = "ada"
const PATIENCE_MS: int = 40_000
## Longer than the second within which the others are told.
const AWAY_MS: int = 1500
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
## The others in the lobby.
var _others: Array[String] = []


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

	_do("registers the name %s" % name)
	_client.register(name, PASSWORD)
	await _expect("registered")
	_do("tries to register it once more, in capitals")
	_client.register(name.to_upper(), PASSWORD)
	await _expect("register_denied username_taken")
	_do("mistypes the password")
	_client.login(name, "not the password")
	await _expect("login_denied bad_credentials")
	_do("types it right")
	await _enter(name)

	await _meet()
	if _leads:
		await _listen("Is anybody in?")
		await _tell("Come in, sit down!")
		await _listen("Thank you. [b]Bold[/b] mead you have here 🍺")
		await _tell("None bolder. Mind the roof, it is being mended.")
		await _listen("It looks sound to me.")
	else:
		await _tell("Is anybody in?")
		await _listen("Come in, sit down!")
		await _tell("Thank you. [b]Bold[/b] mead you have here 🍺")
		await _listen("None bolder. Mind the roof, it is being mended.")
		await _tell("It looks sound to me.")

	if _leads:
		await _listen("I left my horse outside. One moment.")
		await _see_off()
		await _meet()
		await _tell("Is it still there?")
		await _listen("It is.")
	else:
		await _tell("I left my horse outside. One moment.")
		_do("logs out")
		_client.logout()
		await _expect("logged_out")
		await _pause(AWAY_MS)
		_do("logs in again")
		await _enter(name)
		await _meet()
		await _listen("Is it still there?")
		await _tell("It is.")

	if not _arguments.control.is_empty():
		await _sit_through_a_restart()

	if _leads:
		await _listen("I had better be off. Farewell!")
		await _tell("Farewell!")
	else:
		await _tell("I had better be off. Farewell!")
		await _listen("Farewell!")
	_do("leaves")


func _enter(name: String) -> void:
	_client.login(name, PASSWORD)
	await _expect("logged_in")


func _sit_through_a_restart() -> void:
	if _leads:
		_do("has the server restarted")
		var control := ServerControl.new(_arguments.control)
		var trouble: String = await control.send("restart")
		if not trouble.is_empty():
			_fail("restart: " + trouble)
	await _expect("disconnected restarting")
	await _expect("connected")
	await _expect("logged_in")
	await _meet()
	if _leads:
		await _listen("What was that noise?")
		await _tell("Only the server. We are still who we were.")
	else:
		await _tell("What was that noise?")
		await _listen("Only the server. We are still who we were.")


# Waits until somebody else is there: a player who speaks to an empty room is not heard.
func _meet() -> void:
	var deadline_ms: int = Time.get_ticks_msec() + PATIENCE_MS
	while _others.is_empty() and not _has_failed:
		var asked: NetworkRequest = await _client.list_members(_client.lobby).completed
		if not asked.ok:
			_fail("who is there? " + asked.reason)
			return
		var rows: Array[Dictionary] = asked.result
		for row: Dictionary in rows:
			var username: String = row["username"]
			if row["state"] != "offline":
				_on_came(username)
		if Time.get_ticks_msec() > deadline_ms:
			_fail("nobody else is there")
		await _pause(250)


# A player who is back soon may not have been seen to leave.
func _see_off() -> void:
	var end_ms: int = Time.get_ticks_msec() + 2 * AWAY_MS
	while not _others.is_empty() and Time.get_ticks_msec() < end_ms:
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


func _do(text: String) -> void:
	print("say: * ", text)


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
	_client.member_joined.connect(
		func(_channel: String, username: String) -> void: _on_came(username)
	)
	_client.member_left.connect(_on_left)


func _note(news: String, text: String) -> void:
	_news.append(news)
	_do(text)


func _on_connected() -> void:
	_note("connected", "is connected")


func _on_disconnected(reason: String, will_retry: bool, _seconds: float) -> void:
	_others.clear()
	if will_retry:
		_note("disconnected " + reason, "is disconnected (%s), and will try again" % reason)
	else:
		_news.append("disconnected " + reason)


func _on_reconnecting(_attempt: int, seconds: float) -> void:
	_note("reconnecting", "tries to connect in %.1f seconds" % seconds)


func _on_registered(username: String) -> void:
	_note("registered", "is registered as %s" % username)


func _on_register_denied(code: String, reason: String) -> void:
	_note("register_denied " + code, "is told: %s" % reason)


func _on_logged_in(username: String) -> void:
	_note("logged_in", "is logged in as %s" % username)


func _on_login_denied(code: String, reason: String) -> void:
	_note("login_denied " + code, "is told: %s" % reason)


func _on_logged_out(reason: String) -> void:
	_others.clear()
	if reason != "closed_by_client":
		_note("logged_out " + reason, "is logged out")


func _on_came(username: String) -> void:
	if username != _client.username and username not in _others:
		_others.append(username)
		_do("sees that %s is here" % username)


func _on_left(_channel: String, username: String) -> void:
	if username in _others:
		_others.erase(username)
		_do("sees that %s is gone" % username)


func _on_chat_denied(code: String, reason: String) -> void:
	_note("chat_denied " + code, "could not say that: %s" % reason)


func _on_chat_received(
	_channel: String, sender: String, text: String, _sent_at_ms: int, _seq: int
) -> void:
	print('say: %s says: "%s"' % [sender, text])
	if sender != _client.username:
		_heard.append(text)
