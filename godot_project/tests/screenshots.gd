extends SceneTree
## Takes pictures of the scenes for the documentation, in a window and with real players.
##
## [codeblock lang=text]
## godot --path godot_project -s res://tests/screenshots.gd --
##     --server=ws://…          where they talk
##     --control=127.0.0.1:…    stops and starts that server
##     --out=FOLDER             where the pictures go
## [/codeblock]

const Arguments := preload("res://tests/arguments.gd")
const ErrorCounter := preload("res://tests/error_counter.gd")
const Game := preload("res://tests/game.gd")
const PlayerInput := preload("res://tests/player_input.gd")
const ServerControl := preload("res://tests/server_control.gd")

const USUAL := Vector2i(1152, 648)
const SMALL := Vector2i(360, 640)
const WIDE := Vector2i(1920, 1080)
const PASSWORD: String = "correct horse battery"
const PLAYER: String = "Ada"
const PATIENCE_MS: int = 20_000
const EXIT_FAILED: int = 1

const TALK: PackedStringArray = [
	"Ulf: Evening! Who is up for the bear quest?",
	"Ada: Always. Bring the good axe this time.",
	"Signe: I keep the fire. Somebody has to 🔥",
	"Жанна: я с вами 🐻",
	"Ulf: [b]BREAKING[/b]: the mead is out",
	"Ada: That was the [i]plan[/i], was it not? See you at the gate in ten minutes.",
	"مريم: مرحبا بالجميع",
	"Signe: Skål! 🍺",
]

## What the chatbox makes of lines that are not just lines.
const DETAILS: PackedStringArray = [
	"Ulf: Evening, Ada! Who is up for the bear quest?",
	"Signe: /me puts another log on the fire 🔥",
	"مريم: مرحبا يا Ada، كيف حالك اليوم؟",
	"דבורה: שלום לכולם (hello)",
	"太郎: こんばんは、皆さん 🐻🍺👩‍👩‍👧‍👦",
]
const UNREAD: PackedStringArray = [
	"Ulf: [b]BREAKING[/b]: the mead is out",
	"Жанна: ada, ты где?",
]

const CHATBOX: PackedScene = preload("res://addons/longhall/scenes/chatbox/chatbox.tscn")

var _arguments := Arguments.new()
var _errors := ErrorCounter.new()
var _input := PlayerInput.new(root)
var _clients: Dictionary[String, NetworkClient] = {}
var _game: Game
var _has_failed: bool = false


func _initialize() -> void:
	OS.add_logger(_errors)
	await process_frame
	_game = Game.new(_arguments.server)
	_game.client.reconnect_max_delay = 4.0
	root.add_child(_game.main)
	await _take_login()
	await _take_chatbox()
	await _take_reconnecting()
	await _take_details()
	for error: String in _errors.take():
		_fail(error)
	quit(EXIT_FAILED if _has_failed else 0)


func _take_login() -> void:
	await _until(func() -> bool: return _game.label("Label_Connection") == "Connected", "server")
	await _take("login", USUAL)
	await _take("small_login", SMALL)
	TranslationServer.set_locale("de")
	await _take("login_german", USUAL)
	TranslationServer.set_locale("en")
	await _make_player(PLAYER)
	await _log_in("not the password")
	await _until(func() -> bool: return _game.status().begins_with("Username or"), "the denial")
	await _take("login_denied", USUAL)


func _take_chatbox() -> void:
	await _log_in(PASSWORD)
	await _until(func() -> bool: return _game.chatbox() != null, "the chatbox")
	for line: String in TALK:
		var name: String = line.get_slice(": ", 0)
		var text: String = line.trim_prefix(name + ": ")
		var client: NetworkClient = _game.client
		if name != PLAYER:
			client = await _make_player(name)
		client.send_chat(text)
		await _until(func() -> bool: return _game.chat_log().contains(text), text)
	await _input.type("On my way, just one more")
	await _take("chatbox", USUAL)
	await _take("small_chatbox", SMALL)
	await _take("wide_chatbox", WIDE)


func _take_reconnecting() -> void:
	var control := ServerControl.new(_arguments.control)
	await control.send("stop")
	await _until(func() -> bool: return _game.label("Label_Banner").contains("Next try in"), "cut")
	await _take("reconnecting", USUAL)
	await _take("small_reconnecting", SMALL)
	await control.send("start")
	await _until(_game.client.is_logged_in, "the automatic login")


# Without a server, so that own lines stay in between.
func _take_details() -> void:
	_game.main.free()
	var chatbox: Chatbox = CHATBOX.instantiate()
	chatbox.wire_to_client = false
	chatbox.username = PLAYER
	root.add_child(chatbox)
	var now_ms: int = floori(Time.get_unix_time_from_system() * 1000.0)
	for i: int in 40:
		chatbox.show_line("lobby", "Ulf", "Is it %d already?" % i, now_ms - 60_000)
	for line: String in DETAILS:
		chatbox.show_line(line.get_slice(": ", 0), line.get_slice(": ", 1), now_ms)
	var chat: ChatLog = chatbox.get_node("%ChatLog")
	await _until(chat.is_written, "the lines")
	chat.scroll_by_pages(-0.2)
	for line: String in UNREAD:
		chatbox.show_line(
			line.get_slice(": ", 0), line.trim_prefix(line.get_slice(": ", 0) + ": "), now_ms
		)
	await _until(chat.is_written, "the lines")
	chat.scroll_by_pages(0.12)
	await _take("unread", USUAL)
	for text: String in ["Did the last one arrive?", "On my way, just one more bowl"]:
		await _input.type(text)
		await _input.press(KEY_ENTER)
	chatbox.line_denied("timed_out", "")
	await _until(chat.is_written, "the lines")
	await _take("pending", USUAL)
	await _take("small_pending", SMALL)


# A second login would end the first, so each has one connection, logged in. The
# player of the game only gets an account.
func _make_player(name: String) -> NetworkClient:
	if _clients.has(name):
		return _clients[name]
	var client := NetworkClient.new()
	client.url = _arguments.server
	root.add_child(client)
	_clients[name] = client
	var answered: Array[bool] = []
	client.registered.connect(func(_name: String) -> void: answered.append(true))
	# From an earlier run on the same database.
	client.register_denied.connect(
		func(_code: String, _reason: String) -> void: answered.append(true)
	)
	await _until(func() -> bool: return client.state == NetworkClient.STATE_CONNECTED, name)
	client.register(name, PASSWORD)
	await _until(func() -> bool: return not answered.is_empty(), name)
	if name != PLAYER:
		client.login(name, PASSWORD)
		await _until(client.is_logged_in, name)
	return client


func _log_in(password: String) -> void:
	await _input.click(_game.control("LineEdit_Username"))
	await _input.press(KEY_A, true)
	await _input.type(PLAYER)
	await _input.click(_game.control("LineEdit_Password"))
	await _input.type(password)
	await _input.press(KEY_ENTER)


func _take(name: String, size: Vector2i) -> void:
	root.size = size
	for i: int in 10:
		await process_frame
	await RenderingServer.frame_post_draw
	var path: String = Arguments.value_of("out", ".").path_join(name + ".png")
	var error: Error = root.get_texture().get_image().save_png(path)
	if error != OK:
		_fail("cannot save %s: %s" % [path, error_string(error)])
	print("say: saved ", path)
	root.size = USUAL
	for i: int in 4:
		await process_frame


func _until(condition: Callable, what: String) -> void:
	var deadline_ms: int = Time.get_ticks_msec() + PATIENCE_MS
	while not condition.call() and not _has_failed:
		if Time.get_ticks_msec() > deadline_ms:
			_fail("waited in vain for " + what)
		await process_frame


func _fail(complaint: String) -> void:
	_has_failed = true
	printerr("screenshots: failed: ", complaint)
