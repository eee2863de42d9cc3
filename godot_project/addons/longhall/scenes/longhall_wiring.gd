class_name LonghallWiring
extends Node
## Joins a screen to the [NetworkClient] of its scene.
##
## Finds the client that is nearest in the tree, also one that comes later, and
## lets go of one that leaves. What a screen does with it is in
## [code]login_wiring.gd[/code] and [code]chatbox_wiring.gd[/code].

## Ends of a session that the player asked for.
const OWN_WISH: Array[String] = ["logout", "closed_by_client"]

## Why no connection comes about, as long as nothing else is known.
const STANDING_CAUSES: Array[String] = [
	"unknown_host", "not_secure", "wrong_server", "server_outdated"
]

## What the player is told when the login cannot be kept.
const FORGETFUL: String = "This device cannot keep the login: you have to log in again next time"

## The client of the screen; null while there is none.
var client: NetworkClient

## Whether the player is in: logged in, or cut off and coming back.
var is_in: bool = false

var _is_started: bool = false
var _had_client: bool = false
var _has_warned: bool = false
var _cut_reason: String = ""
var _seconds_shown: int = -1


func _enter_tree() -> void:
	if _is_started:
		_start_looking.call_deferred()


func _exit_tree() -> void:
	if get_tree().node_added.is_connected(_on_tree_node_added):
		get_tree().node_added.disconnect(_on_tree_node_added)


func _ready() -> void:
	set_process(false)


func _process(_delta: float) -> void:
	# Once a second is enough for a countdown.
	var seconds: int = _seconds_to_next_try()
	if seconds != _seconds_shown:
		_seconds_shown = seconds
		_show_connection()


func _notification(what: int) -> void:
	if what == NOTIFICATION_TRANSLATION_CHANGED and client != null:
		_show_connection()


## Called by the screen when it is ready.
func start() -> void:
	_is_started = true
	_start_looking()


## Takes the client the screen names, else keeps the one it has, else takes the
## nearest one.
func look_for_client() -> void:
	if not _is_started or not is_inside_tree():
		return
	var found: NetworkClient = null
	if _is_wanted():
		found = _named_client()
		if found == null and is_instance_valid(client) and client.is_inside_tree():
			found = client
		if found == null:
			found = _nearest_client()
	if is_instance_valid(client):
		if found == client:
			return
		_leave()
	client = found
	if client != null:
		_had_client = true
		_join()
	elif _had_client:
		set_process(false)
		_set_in(false)
		_show_connection()
	elif _is_wanted() and get_tree().current_scene != get_parent():
		# A client may come some frames later. Alone, with F6, a screen needs none.
		_set_in(false)
		_warn_later()


## What is to be told of the connection.
func connection_text() -> String:
	if client == null:
		return tr("Not connected")
	match client.state:
		NetworkClient.STATE_CONNECTING:
			return tr("Connecting to the server…")
		NetworkClient.STATE_RECONNECTING:
			return _reconnecting_text()
		NetworkClient.STATE_CONNECTED, NetworkClient.STATE_LOGGED_IN:
			return tr("Connected")
	return tr("Not connected")


## Whether pressing a button can connect sooner.
func can_retry() -> bool:
	if client == null:
		return false
	if client.state == NetworkClient.STATE_RECONNECTING:
		return _seconds_to_next_try() > 0
	return client.state == NetworkClient.STATE_OFFLINE


## Connects now.
func retry() -> void:
	if client == null:
		return
	if client.state == NetworkClient.STATE_RECONNECTING:
		client.retry_now()
	else:
		client.connect_to_server()
	_show_connection()


func _is_wanted() -> bool:
	return _owner_screen().wire_to_client


func _named_client() -> NetworkClient:
	var named: NetworkClient = _owner_screen().client
	return named if is_instance_valid(named) else null


func _owner_screen() -> LonghallScreen:
	return get_parent()


# For the screens: what there is to show.


func _show_connection() -> void:
	pass


func _show_in(_player_is_in: bool) -> void:
	pass


func _handlers() -> Dictionary[StringName, Callable]:
	return {
		&"connected": _on_client_connected,
		&"disconnected": _on_client_disconnected,
		&"reconnecting": _on_client_reconnecting,
		&"logged_in": _on_client_logged_in,
		&"logged_out": _on_client_logged_out,
		&"state_changed": _on_client_state_changed,
		&"tree_exited": _on_client_tree_exited,
	}


func _join() -> void:
	var handlers: Dictionary[StringName, Callable] = _handlers()
	for signal_name: StringName in handlers:
		client.connect(signal_name, handlers[signal_name])
	_cut_reason = ""
	# In the midst of a cut there is a countdown to show.
	set_process(client.state == NetworkClient.STATE_RECONNECTING)
	_set_in(client.is_logged_in())
	_show_connection()


func _leave() -> void:
	var handlers: Dictionary[StringName, Callable] = _handlers()
	for signal_name: StringName in handlers:
		client.disconnect(signal_name, handlers[signal_name])
	set_process(false)


func _set_in(player_is_in: bool) -> void:
	is_in = player_is_in
	_show_in(is_in)


func _start_looking() -> void:
	if not is_inside_tree():
		return
	if not get_tree().node_added.is_connected(_on_tree_node_added):
		get_tree().node_added.connect(_on_tree_node_added)
	look_for_client()


# The client beside the screen, or beside what the screen is in, and so on.
func _nearest_client() -> NetworkClient:
	var around: Node = get_parent()
	while around != null:
		var found: Array[Node] = around.find_children("*", "NetworkClient", true, false)
		if around is NetworkClient:
			found.push_front(around)
		if found.size() > 1:
			push_warning(
				(
					"%s found %d NetworkClients and takes %s; set its property client to choose."
					% [get_parent().get_path(), found.size(), found[0].get_path()]
				)
			)
		if not found.is_empty():
			return found[0] as NetworkClient
		around = around.get_parent()
	return null


func _warn_later() -> void:
	if _has_warned:
		return
	_has_warned = true
	get_tree().create_timer(1.0).timeout.connect(_warn, CONNECT_ONE_SHOT)


func _warn() -> void:
	if is_inside_tree() and client == null and _is_wanted():
		push_warning(
			(
				"%s finds no NetworkClient: add one to the scene, or switch wire_to_client off."
				% get_parent().get_path()
			)
		)


func _seconds_to_next_try() -> int:
	return 0 if client == null else ceili(client.retry_in)


func _reconnecting_text() -> String:
	var reason: String = _cut_reason if not _cut_reason.is_empty() else "connection_lost"
	var seconds: int = _seconds_to_next_try()
	if seconds <= 0:
		return tr("%s. Trying again…") % LonghallText.of_disconnect(reason)
	var text: String = tr_n("%s. Next try in %d second.", "%s. Next try in %d seconds.", seconds)
	return text % [LonghallText.of_disconnect(reason), seconds]


func _on_tree_node_added(node: Node) -> void:
	if client == null and node is NetworkClient:
		look_for_client.call_deferred()


func _on_client_tree_exited() -> void:
	# It may only be on its way to another parent.
	_check_client.call_deferred()


func _check_client() -> void:
	if not is_instance_valid(client) or not client.is_inside_tree():
		look_for_client()


func _on_client_state_changed(_state: int) -> void:
	_show_connection()


func _on_client_connected() -> void:
	set_process(false)
	_show_connection()


func _on_client_disconnected(reason: String, will_retry: bool, _seconds: float) -> void:
	_cut_reason = reason
	set_process(will_retry)
	if not will_retry:
		_set_in(false)
	_show_connection()


func _on_client_reconnecting(attempt: int, _seconds: float) -> void:
	if attempt > 1 and _cut_reason not in STANDING_CAUSES:
		_cut_reason = "server_unreachable"
	set_process(true)
	_show_connection()


func _on_client_logged_in(_username: String) -> void:
	_set_in(true)
	_show_connection()


func _on_client_logged_out(_reason: String) -> void:
	_set_in(false)
	_show_connection()
