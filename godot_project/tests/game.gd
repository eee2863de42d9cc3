extends RefCounted
## A whole game, such as [code]main.tscn[/code], with its parts within reach of a test:
## a NetworkClient, a Login and a Chatbox under these names.

const MAIN: PackedScene = preload("res://scenes/main/main.tscn")

var main: Node
var client: NetworkClient


## A game that will connect to [param url] when it is added to the tree.
func _init(url: String, scene: PackedScene = MAIN) -> void:
	main = scene.instantiate()
	client = main.get_node("NetworkClient")
	client.url = url
	# What is about recovery codes asks for them.
	client.ask_for_recovery_codes = false


## The login screen, or null while the chatbox is shown.
func login_screen() -> LoginScreen:
	return _screen() as LoginScreen


## The chatbox, or null while the login screen is shown.
func chatbox() -> Chatbox:
	return _screen() as Chatbox


## The status line of the login screen.
func status() -> String:
	return label("Label_Status")


## The text of a visible label of the present screen, else empty.
func label(node_name: String) -> String:
	var screen: Control = _screen()
	if screen == null:
		return ""
	var found: Label = screen.get_node_or_null("%" + node_name)
	if found == null or not found.is_visible_in_tree():
		return ""
	return found.text


## A control of the present screen that a player clicks or types into.
func control(node_name: String) -> Control:
	return _screen().get_node("%" + node_name)


## What the chat log shows, one line of chat per line.
func chat_log() -> String:
	var box: Chatbox = chatbox()
	if box == null:
		return ""
	var chat: RichTextLabel = box.get_node("%ChatLog")
	# Without the marks that keep directions apart.
	return chat.get_parsed_text().replace("\u2068", "").replace("\u2069", "")


func _screen() -> Control:
	for screen: Control in [main.get_node("Login"), main.get_node("Chatbox")]:
		if screen.is_visible_in_tree():
			return screen
	return null
