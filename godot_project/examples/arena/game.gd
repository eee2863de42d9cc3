extends Node
## What a player sees: the login, a button to play, the arena, and the chat over all of it.

const SERVER: String = "127.0.0.1"
const PORT: int = 7777
const AUDIENCE: String = "arena"

var _api := SceneMultiplayer.new()
var _ticket: String = ""

@onready var _client: NetworkClient = $NetworkClient
@onready var _arena: Arena = $Arena
@onready var _overlay: ChatOverlay = $Screens/Overlay
@onready var _lobby: Control = $Screens/Lobby
@onready var _play: Button = $Screens/Lobby/Play
@onready var _message: Label = $Screens/Lobby/Message


func _ready() -> void:
	_play.text = "Play"
	_play.custom_minimum_size = Vector2(160.0, 44.0)
	_lobby.hide()
	_client.logged_in.connect(func(_username: String) -> void: _lobby.show())
	_client.logged_out.connect(func(_reason: String) -> void: _leave(""))
	_play.pressed.connect(_on_play_pressed)
	_arena.followed.connect(_on_match_found)
	_arena.sent_home.connect(_leave)
	_api.auth_callback = func(_peer: int, _data: PackedByteArray) -> void: pass
	_api.peer_authenticating.connect(_on_peer_authenticating)
	_api.connected_to_server.connect(_lobby.hide)
	_api.connection_failed.connect(_leave.bind("The arena does not let you in"))
	_api.server_disconnected.connect(_leave.bind("The arena has closed"))
	get_tree().set_multiplayer(_api, get_path())


func _physics_process(_delta: float) -> void:
	if not _api.get_peers().is_empty():
		_arena.steer.rpc_id(1, Input.get_vector("ui_left", "ui_right", "ui_up", "ui_down"))


func _on_play_pressed() -> void:
	_play.disabled = true
	_message.text = "Looking for a match…"
	var asked: NetworkRequest = await _client.request_ticket(AUDIENCE).completed
	var peer := ENetMultiplayerPeer.new()
	if not asked.ok:
		_leave(asked.reason)
	elif peer.create_client(SERVER, PORT) != OK:
		_leave("The arena cannot be reached")
	else:
		_ticket = asked.result
		_api.multiplayer_peer = peer


func _on_peer_authenticating(peer: int) -> void:
	_api.send_auth(peer, _ticket.to_ascii_buffer())
	_api.complete_auth(peer)


## The match has a chat of its own.
func _on_match_found(channel: String, code: String) -> void:
	_overlay.channel = channel
	_client.join_by_code(code)


## Back to the button, or to the login.
func _leave(message: String) -> void:
	_api.multiplayer_peer = OfflineMultiplayerPeer.new()
	_ticket = ""
	_arena.clear()
	_overlay.channel = ""
	_message.text = message
	_play.disabled = false
	_lobby.visible = _client.is_logged_in()
