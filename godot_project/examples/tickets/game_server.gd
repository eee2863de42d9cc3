extends Node
## A game's own server: lets in over ENet who shows a ticket that is for it.
##
## Whoever connects sends a ticket as authentication data (see [SceneMultiplayer]); what the
## ticket says is who the player is, whatever the player says. Run it with
## [code]godot --headless res://examples/tickets/game_server.tscn -- --port=7777 --keys=keys.json
## --audience=arena[/code]; [code]longhall-server tickets keys > keys.json[/code] makes the file.

## A player is in; [member players] has the ticket.
signal player_joined(peer: int)
## Somebody was not let in, for one of the codes of [member LonghallTicket.code].
signal player_refused(peer: int, code: String)
## A player has gone.
signal player_left(peer: int)

const MAX_PLAYERS: int = 32
## Seconds in which whoever connects has to show a ticket.
const PATIENCE: float = 5.0

## The name that this server goes by: the same that players ask Longhall for a ticket for.
@export var audience: String = "arena"
## Longhall's public keys, as a JWK Set.
@export_multiline var keys: String = ""

## The tickets of those who are in, by the numbers of their peers.
var players: Dictionary[int, LonghallTicket] = {}

var _api := SceneMultiplayer.new()
## What those have shown who are not in yet.
var _shown: Dictionary[int, LonghallTicket] = {}


func _ready() -> void:
	if get_tree().current_scene != self:
		return
	audience = _argument("audience", audience)
	keys = FileAccess.get_file_as_string(_argument("keys", "keys.json"))
	var port := int(_argument("port", "7777"))
	if listen(port) != OK:
		push_error("cannot listen on port %d" % port)
		get_tree().quit(1)
	player_joined.connect(func(peer: int) -> void: print(players[peer].username, " is in"))
	player_refused.connect(func(_peer: int, code: String) -> void: print("refused: ", code))


## Takes players on [param port]; on any free one with 0, see [method listening_port].
func listen(port: int) -> Error:
	var peer := ENetMultiplayerPeer.new()
	var error := peer.create_server(port, MAX_PLAYERS)
	if error != OK:
		return error
	_api.auth_callback = _on_ticket_shown
	_api.auth_timeout = PATIENCE
	# Players hear of each other from the game, not from the engine.
	_api.server_relay = false
	_api.peer_connected.connect(_on_peer_connected)
	_api.peer_disconnected.connect(_on_peer_disconnected)
	_api.peer_authentication_failed.connect(_on_peer_authentication_failed)
	get_tree().set_multiplayer(_api, get_path())
	_api.multiplayer_peer = peer
	return OK


## The port that players connect to.
func listening_port() -> int:
	var peer := _api.multiplayer_peer as ENetMultiplayerPeer
	return peer.host.get_local_port()


## A peer that is not let in yet has sent something: whatever it is, it is a stranger's.
func _on_ticket_shown(peer: int, data: PackedByteArray) -> void:
	# One try each: to check a signature takes time.
	if _shown.has(peer):
		return
	var ticket := LonghallTicket.verify_bytes(data, keys, audience)
	_shown[peer] = ticket
	if ticket.valid:
		_api.complete_auth(peer)
		return
	# It is told why, and goes by itself, or is cut when its time to show a ticket is over.
	_api.send_auth(peer, ticket.code.to_ascii_buffer())
	player_refused.emit(peer, ticket.code)


func _on_peer_connected(peer: int) -> void:
	players[peer] = _shown[peer]
	_shown.erase(peer)
	player_joined.emit(peer)


func _on_peer_disconnected(peer: int) -> void:
	if players.erase(peer):
		player_left.emit(peer)


func _on_peer_authentication_failed(peer: int) -> void:
	_shown.erase(peer)


static func _argument(named: String, otherwise: String) -> String:
	var start := "--%s=" % named
	for argument: String in OS.get_cmdline_user_args():
		if argument.begins_with(start):
			return argument.trim_prefix(start)
	return otherwise
