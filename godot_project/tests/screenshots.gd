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
const Icon := preload("res://tests/icon.gd")
const OverlayScreens := preload("res://tests/overlay_screens.gd")
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
	await _take_guest_login()
	_game = Game.new(_arguments.server)
	_game.client.reconnect_max_delay = 4.0
	root.add_child(_game.main)
	_save(Icon.render(), "icon")
	await _take_login()
	await _take_chatbox()
	await _take_channels()
	await _take_account()
	await _take_older_lines()
	await _take_reconnecting()
	await _take_details()
	await _take_overlay()
	for error: String in _errors.take():
		_fail(error)
	quit(EXIT_FAILED if _has_failed else 0)


# Of a server that takes guests, unlike that of the other pictures.
func _take_guest_login() -> void:
	var server := LonghallFakeServer.new()
	server.set_guests(true)
	_game = Game.new(_arguments.server)
	_game.client.fake_server = server
	root.add_child(_game.main)
	await _until(func() -> bool: return _game.control("Button_Guest").visible, "the greeting")
	await _input.type("Zoe")
	await _take("guest_login", USUAL)
	_game.main.free()


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
	# The players who talk have come before, and the log tells so a moment later.
	var told: Array[String] = []
	_game.client.member_joined.connect(
		func(_channel: String, name: String) -> void: told.append(name)
	)
	for line: String in TALK:
		var name: String = line.get_slice(": ", 0)
		if name != PLAYER:
			await _make_player(name)
			await _until(func() -> bool: return name in told, name + " joined")
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


func _take_channels() -> void:
	var chatbox: Chatbox = _game.chatbox()
	_input.press(KEY_A, true)
	await _input.press(KEY_DELETE)
	var ulf: NetworkClient = await _make_player("Ulf")
	var signe: NetworkClient = await _make_player("Signe")
	await (
		ulf.create_channel("trade", "open", "", "Axes for mead, and the other way round").completed
	)
	await signe.create_channel("bear-quest", "password", "honey", "Every evening").completed
	for channel: String in ["trade", "bear-quest"]:
		await _game.client.join_channel(channel, "honey").completed
	await _until(func() -> bool: return chatbox.channels().size() == 3, "the channels")
	for text: String in ["Two axes, hardly used", "One of them with a handle"]:
		await ulf.send_chat(text, "trade").completed
	await signe.send_chat("We meet at the gate, Ada!", "bear-quest").completed
	for text: String in ["Did you bring the key?", "The one for the mead, I mean 🔑"]:
		await signe.send_chat(text, "@" + PLAYER).completed
	await signe.set_presence("away", "looking after the fire").completed
	await _until(func() -> bool: return chatbox.channels().size() == 4, "the whispers")
	for i: int in 90:
		await process_frame
	await _take("tabs", USUAL)
	await _take("small_tabs", SMALL)
	chatbox.current_channel = "@Signe"
	await _game.client.send_chat("Of course. It is under the third stone.", "@Signe").completed
	await _take("whisper", USUAL)
	await _take("small_whisper", SMALL)
	chatbox.current_channel = "trade"
	await _game.client.send_chat("I have mead. How many barrels?", "trade").completed
	chatbox.current_channel = "lobby"
	await _input.click(_game.control("Button_Roster"))
	for i: int in 90:
		await process_frame
	await _take("roster", USUAL)
	await _take("small_roster", SMALL)
	await _input.click(_game.control("Button_CloseRoster"))
	chatbox.current_channel = "trade"
	await _input.type("/b")
	await _take("commands", USUAL)
	await _input.press(KEY_ESCAPE)
	chatbox.draft = ""
	await _input.click(_game.control("Button_Channels"))
	await _until(func() -> bool: return not _is_list_empty(), "the list of channels")
	await _take("channels", USUAL)
	await _take("small_channels", SMALL)
	await _input.press(KEY_ESCAPE)
	chatbox.current_channel = "lobby"


func _take_account() -> void:
	await _input.click(_game.control("Button_Account"))
	for i: int in 60:
		await process_frame
	await _take("account", USUAL)
	await _take("small_account", SMALL)
	await _input.press(KEY_ESCAPE)


func _is_list_empty() -> bool:
	return _game.control("List_Channels").get_child_count() == 0


func _take_older_lines() -> void:
	var chatbox: Chatbox = _game.chatbox()
	var signe: NetworkClient = await _make_player("Signe")
	await signe.create_channel("saga", "open", "", "What was, told again").completed
	for i: int in 150:
		await (
			signe
			. send_chat("In the %d. winter the bears came down again" % (i + 1), "saga")
			. completed
		)
	await _game.client.join_channel("saga").completed
	chatbox.current_channel = "saga"
	var chat: ChatLog = chatbox.get_log("saga")
	await _until(func() -> bool: return chat.line_count() > 10 and chat.is_written(), "the saga")
	while chat.oldest_seq() > 60 and not _has_failed:
		chat.scroll_by_pages(-1.0)
		await process_frame
	chat.scroll_by_pages(0.8)
	await _until(chat.is_written, "the older lines")
	await signe.send_chat("And then it was spring", "saga").completed
	await _until(func() -> bool: return chat.unread_count() == 1, "the new line")
	await _take("older_lines", USUAL)
	await _take("small_older_lines", SMALL)
	chatbox.current_channel = "lobby"


func _take_reconnecting() -> void:
	var control := ServerControl.new(_arguments.control)
	await control.send("stop")
	await _until(func() -> bool: return _game.label("Label_Banner").contains("Next try in"), "cut")
	await _input.type("Where did everybody go?")
	await _input.press(KEY_ENTER)
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
	chatbox.line_format = '{sender} says: "{text}"'
	root.add_child(chatbox)
	var now_ms: int = floori(Time.get_unix_time_from_system() * 1000.0)
	for i: int in 40:
		chatbox.show_line("lobby", "Ulf", "Is it %d already?" % i, now_ms - 60_000)
	for line: String in DETAILS:
		chatbox.show_line("lobby", line.get_slice(": ", 0), line.get_slice(": ", 1), now_ms)
	var chat: ChatLog = chatbox.get_node("%ChatLog")
	await _until(chat.is_written, "the lines")
	chat.scroll_by_pages(-0.2)
	for line: String in UNREAD:
		var name: String = line.get_slice(": ", 0)
		chatbox.show_line("lobby", name, line.trim_prefix(name + ": "), now_ms)
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


# In small games without a server.
func _take_overlay() -> void:
	for child: Node in root.get_children():
		child.queue_free()
	await process_frame
	root.size = USUAL
	var meadow := OverlayScreens.new(self)
	await meadow.show_meadow()
	await _take("overlay", USUAL)
	meadow.leave()
	var hall := OverlayScreens.new(self)
	await hall.show_hall()
	await hall.type("On my way, just one more bowl")
	await _take("overlay_typing", USUAL)
	await _take("small_overlay", SMALL)


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
	_save(root.get_texture().get_image(), name)
	root.size = USUAL
	for i: int in 4:
		await process_frame


func _save(picture: Image, name: String) -> void:
	var path: String = Arguments.value_of("out", ".").path_join(name + ".png")
	var error: Error = picture.save_png(path)
	if error != OK:
		_fail("cannot save %s: %s" % [path, error_string(error)])
	print("say: saved ", path)


func _until(condition: Callable, what: String) -> void:
	var deadline_ms: int = Time.get_ticks_msec() + PATIENCE_MS
	while not condition.call() and not _has_failed:
		if Time.get_ticks_msec() > deadline_ms:
			_fail("waited in vain for " + what)
		await process_frame


func _fail(complaint: String) -> void:
	_has_failed = true
	printerr("screenshots: failed: ", complaint)
