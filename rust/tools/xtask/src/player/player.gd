extends Node
## Plays a finished game from outside, with a player's mouse and keyboard.
##
## An autoload that [code]cargo xtask test[/code] adds to a game with a Login and a
## Chatbox. Registers, and prints [code]player: is in[/code]; says and hears what the
## arguments tell, in their order; prints [code]player: done[/code] at its end. The exit
## code is 0 if all went as it should.

const PlayerInput := preload("player_input.gd")

const PASSWORD: String = "correct horse"
const WINDOW_SIZE := Vector2i(1152, 648)

## Arguments after [code]--[/code], each with its value behind it. Those of the game are
## among them.
const NAME: String = "--name="
const SAY: String = "--say="
const HEAR: String = "--hear="
## How long anything may take, in seconds.
const PATIENCE: String = "--patience="

var _input: PlayerInput
var _username: String = "ben"
var _patience_ms: int = 20_000
var _has_failed: bool = false
var _news: Array[String] = []


func _ready() -> void:
	_play()


func _play() -> void:
	_input = PlayerInput.new(get_tree().root)
	for argument: String in OS.get_cmdline_user_args():
		if argument.begins_with(NAME):
			_username = argument.trim_prefix(NAME)
		elif argument.begins_with(PATIENCE):
			_patience_ms = 1000 * argument.trim_prefix(PATIENCE).to_int()
	await get_tree().process_frame
	get_window().size = WINDOW_SIZE
	await get_tree().process_frame
	if DirAccess.dir_exists_absolute("res://tests"):
		_fail("the tests are in the exported game")
	var client: NetworkClient = _client()
	if client == null:
		_fail("the game has no NetworkClient")
	else:
		_tell_properties(client)
		client.registered.connect(func(_name: String) -> void: _news.append("registered"))
		client.logged_in.connect(func(_name: String) -> void: _news.append("logged in"))
		client.chat_accepted.connect(func() -> void: _news.append("chat accepted"))
		await _log_in()
		await _talk()
	if not _has_failed:
		print("player: done")
	get_tree().quit(1 if _has_failed else 0)


func _log_in() -> void:
	await _until(_can_click.bind("Button_Register"), "the connection")
	await _fill_form()
	await _click("Button_Register")
	await _hear("registered")
	await get_tree().process_frame
	# Those of the version before have none.
	if _can_click("Button_Kept"):
		await _click("Button_Kept")
	await _hear("logged in")
	await _until(func() -> bool: return _control("ChatLog") != null, "the chatbox")
	await get_tree().process_frame
	if not _has_failed:
		print("player: is in")


func _talk() -> void:
	for argument: String in OS.get_cmdline_user_args():
		if argument.begins_with(SAY):
			await _say(argument.trim_prefix(SAY))
		elif argument.begins_with(HEAR):
			var line: String = argument.trim_prefix(HEAR)
			await _until(_is_in_log.bind(line), "`%s` in the chat log" % line)


func _say(line: String) -> void:
	_news.erase("chat accepted")
	await _click("LineEdit")
	await _input.type(line)
	await _input.press(KEY_ENTER)
	await _hear("chat accepted")
	await _until(_is_in_log.bind(line), "the line in the chat log")


func _fill_form() -> void:
	await _click("LineEdit_Username")
	await _input.press(KEY_A, true)
	await _input.type(_username)
	await _click("LineEdit_Password")
	await _input.press(KEY_A, true)
	await _input.type(PASSWORD)


# For the judge outside: a release build must not have what makes weather bad.
func _tell_properties(client: NetworkClient) -> void:
	var count: int = 0
	for property: Dictionary in client.get_property_list():
		var property_name: String = property["name"]
		if property_name.begins_with("bad_weather"):
			count += 1
	print("player: bad weather properties: ", count)


func _client() -> NetworkClient:
	var found: Array[Node] = get_tree().root.find_children("*", "NetworkClient", true, false)
	return null if found.is_empty() else found[0] as NetworkClient


# A control that the player can see.
func _control(node_name: String) -> Control:
	for found: Node in get_tree().root.find_children(node_name, "Control", true, false):
		var control: Control = found
		if control.is_visible_in_tree():
			return control
	return null


func _can_click(node_name: String) -> bool:
	var button: Button = _control(node_name) as Button
	return button != null and not button.disabled


func _is_in_log(text: String) -> bool:
	var chat: RichTextLabel = _control("ChatLog") as RichTextLabel
	return chat != null and chat.get_parsed_text().contains(text)


func _click(node_name: String) -> void:
	var control: Control = _control(node_name)
	if control == null:
		_fail("there is no %s to click" % node_name)
		return
	await _input.click(control)


func _hear(news: String) -> void:
	await _until(func() -> bool: return news in _news, news)


func _until(condition: Callable, what: String) -> void:
	if _has_failed:
		return
	var deadline_ms: int = Time.get_ticks_msec() + _patience_ms
	while not condition.call():
		if Time.get_ticks_msec() > deadline_ms:
			_fail("waited in vain for " + what)
			return
		await get_tree().process_frame


func _fail(complaint: String) -> void:
	_has_failed = true
	printerr("ERROR: player: ", complaint)
