extends "res://tests/test_case.gd"
## Tests of Login and Chatbox with a client and a server inside the game.

const LOGIN: PackedScene = preload("res://addons/longhall/scenes/login/login.tscn")
const CHATBOX: PackedScene = preload("res://addons/longhall/scenes/chatbox/chatbox.tscn")

const PASSWORD: String = "correct horse"

var _server := LonghallFakeServer.new()
var _scene: Node
var _login: LoginScreen
var _chatbox: Chatbox


func set_up() -> void:
	_server.add_account("ada", PASSWORD)
	_server.add_account("ben", PASSWORD)
	_scene = Node.new()
	_login = LOGIN.instantiate()
	_chatbox = CHATBOX.instantiate()


func _client() -> NetworkClient:
	var client := NetworkClient.new()
	client.fake_server = _server
	return client


func _open(client: NetworkClient) -> void:
	if client != null:
		_scene.add_child(client)
	_scene.add_child(_login)
	_scene.add_child(_chatbox)
	await add(_scene)


func _log_in(client: NetworkClient, name: String) -> void:
	var reachable: Callable = func() -> bool: return client.state == NetworkClient.STATE_CONNECTED
	await wait_until(reachable, "the connection")
	var request: NetworkRequest = await client.login(name, PASSWORD).completed
	check(request.ok, "the login: " + request.reason)
	await frames(1)


func _wait_for_login_of(name: String, client: NetworkClient) -> void:
	await wait_until(func() -> bool: return _connection() == "Connected", "the connection")
	check(not _chatbox.visible, "the chatbox shows before the login")
	await _ask_for_login_of(name)
	await wait_until(func() -> bool: return _chatbox.visible, "the chatbox")
	check(client.is_logged_in(), "another client has logged in")
	check(not _login.visible, "the login screen stays")


func _ask_for_login_of(name: String) -> void:
	await input.click(_login.get_node("%LineEdit_Username") as Control)
	await input.press(KEY_A, true)
	await input.type(name)
	await input.press(KEY_ENTER)
	await input.type(PASSWORD)
	await input.press(KEY_ENTER)


func _say(chatbox: Chatbox, text: String) -> void:
	for other: Chatbox in tree.root.find_children("*", "Chatbox", true, false):
		other.visible = other == chatbox
	await frames(2)
	await input.type(text)
	await input.press(KEY_ENTER)


func _wait_for_line(chatbox: Chatbox, text: String) -> void:
	await wait_until(func() -> bool: return _times_shown(chatbox, text) > 0, "the line " + text)


func _times_shown(chatbox: Chatbox, text: String) -> int:
	var chat: ChatLog = chatbox.get_node("%ChatLog")
	return chat.get_parsed_text().replace("\u2068", "").replace("\u2069", "").count(text)


func _refusal(chatbox: Chatbox) -> String:
	var label: Label = chatbox.get_node("%Label_Refusal")
	return label.text if label.is_visible_in_tree() else ""


func _connection() -> String:
	var label: Label = _login.get_node("%Label_Connection")
	return label.text
