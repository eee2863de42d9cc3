extends Control
## The example game: a [NetworkClient], a [LoginScreen] and a [Chatbox], which find
## each other by themselves.
##
## Here is what only this game wants: another server by argument or environment
## variable, the player's name in the window's title, lines as in a story, and a polite
## end.

## Environment variable that names another server.
const URL_VARIABLE: String = "LONGHALL_URL"
## Argument after [code]--[/code] that names another server.
const URL_ARGUMENT: String = "--url="

## Smallest window that shows everything.
const MIN_WINDOW_SIZE := Vector2i(320, 480)
## Time a closing game gives the server to hear of it.
const GOODBYE_SECONDS: float = 0.5

@onready var _client: NetworkClient = %NetworkClient


func _enter_tree() -> void:
	# Before the client connects, which it does when it is ready.
	var client: NetworkClient = %NetworkClient
	client.url = _chosen_url(client.url)


func _ready() -> void:
	get_tree().auto_accept_quit = false
	get_window().min_size = MIN_WINDOW_SIZE


func _notification(what: int) -> void:
	if what == NOTIFICATION_WM_CLOSE_REQUEST:
		_close()


func _chosen_url(usual: String) -> String:
	for argument: String in OS.get_cmdline_user_args():
		if argument.begins_with(URL_ARGUMENT):
			return argument.trim_prefix(URL_ARGUMENT)
	var from_environment: String = OS.get_environment(URL_VARIABLE)
	return usual if from_environment.is_empty() else from_environment


func _close() -> void:
	_client.disconnect_from_server()
	await get_tree().create_timer(GOODBYE_SECONDS).timeout
	get_tree().quit()


func _on_network_client_logged_in(username: String) -> void:
	get_window().title = "Longhall: %s" % username


func _on_network_client_logged_out(_reason: String) -> void:
	get_window().title = "Longhall"
