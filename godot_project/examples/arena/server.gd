extends Node
## The game's own server: lets in who shows a ticket, and has a chat for the match.

const PORT: int = 7777
const AUDIENCE: String = "arena"

var _api := SceneMultiplayer.new()
var _peer := ENetMultiplayerPeer.new()
## The tickets of who knocks and of who is in, by their peers.
var _shown: Dictionary[int, LonghallTicket] = {}
## The match's channel, while somebody plays, and the code that leads into it.
var _channel: String = ""
var _code: String = ""
var _is_opening: bool = false

@onready var _arena: Arena = $Arena
@onready var _keys: LonghallTicketKeys = $LonghallTicketKeys
@onready var _hall: LonghallGameServer = $LonghallGameServer


func _ready() -> void:
	_hall.key = OS.get_environment("LONGHALL_GAME_KEY")
	_api.auth_callback = _on_ticket_shown
	_api.peer_connected.connect(_on_peer_connected)
	_api.peer_disconnected.connect(_on_peer_disconnected)
	_api.peer_authentication_failed.connect(_on_peer_disconnected)
	get_tree().set_multiplayer(_api, get_path())
	if _peer.create_server(PORT) != OK:
		push_error("port %d is taken" % PORT)
		get_tree().quit(1)
		return
	_api.multiplayer_peer = _peer
	print("the arena is open")


func _physics_process(delta: float) -> void:
	_arena.advance(delta)


## Somebody knocks. Whatever they send, only a ticket from Longhall tells who they are.
func _on_ticket_shown(peer: int, data: PackedByteArray) -> void:
	if _shown.has(peer):
		return
	var ticket := LonghallTicket.verify_bytes(data, _keys.text, AUDIENCE)
	_shown[peer] = ticket
	if ticket.valid:
		_api.complete_auth(peer)
	else:
		print("refused: ", ticket.code)


func _on_peer_connected(peer: int) -> void:
	var ticket: LonghallTicket = _shown[peer]
	var was_in: bool = _let_go_of(ticket.account_id)
	_arena.enter(peer, ticket.username)
	if _channel.is_empty():
		_open_channel([ticket.username])
		return
	_arena.follow.rpc_id(peer, _channel, _code)
	if not was_in:
		_hall.say(_channel, ticket.username + " has come")


## One account, one avatar: who comes from another device, or again after a cut, is the one
## who plays. The result is whether they were in.
func _let_go_of(account: String) -> bool:
	for peer: int in _arena.names:
		if _shown[peer].account_id == account:
			_arena.leave(peer)
			_arena.send_home.rpc_id(peer, "You play on another device")
			_peer.get_peer(peer).peer_disconnect_later()
			return true
	return false


func _open_channel(members: PackedStringArray) -> void:
	if _is_opening:
		return
	_is_opening = true
	var created: LonghallGameAnswer = await _hall.create_channel(members)
	_is_opening = false
	if created.ok and _arena.names.is_empty():
		# Gone again meanwhile.
		_hall.end_channel(str(created.result["channel"]))
	elif created.ok:
		_channel = created.result["channel"]
		_code = created.result["code"]
		_arena.follow.rpc(_channel, _code)
	else:
		push_error("no channel for the match: " + created.reason)


func _on_peer_disconnected(peer: int) -> void:
	_shown.erase(peer)
	if _arena.leave(peer) and _arena.names.is_empty() and not _channel.is_empty():
		_hall.end_channel(_channel)
		_channel = ""
