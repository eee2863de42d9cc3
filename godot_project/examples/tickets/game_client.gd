extends Node
## A player's game: shows a ticket of Longhall's to the game's own server, and is in.
##
## [codeblock]
## var request := network_client.request_ticket("arena")
## await request.completed
## if request.ok:
##     game_client.join("203.0.113.7", 7777, request.result)
## [/codeblock]

## The server has taken the ticket.
signal joined
## The server has not, for one of the codes of [member LonghallTicket.code]; or there is none, or
## it said nothing: [code]no_answer[/code].
signal refused(code: String)

## Whoever runs it.
const SERVER: int = 1
const NO_ANSWER: String = "no_answer"

var _api := SceneMultiplayer.new()
var _ticket: String = ""


## Connects to the game's server at [param address], and shows it the ticket.
func join(address: String, port: int, ticket: String) -> Error:
	var peer := ENetMultiplayerPeer.new()
	var error := peer.create_client(address, port)
	if error != OK:
		return error
	_ticket = ticket
	_api = SceneMultiplayer.new()
	_api.auth_callback = _on_refusal_told
	_api.peer_authenticating.connect(_on_peer_authenticating)
	_api.peer_authentication_failed.connect(_on_peer_authentication_failed)
	_api.connected_to_server.connect(_on_connected_to_server)
	_api.connection_failed.connect(_end.bind(NO_ANSWER))
	get_tree().set_multiplayer(_api, get_path())
	_api.multiplayer_peer = peer
	return OK


## Goes.
func leave() -> void:
	_ticket = ""
	_api.multiplayer_peer.close()


func _on_peer_authenticating(peer: int) -> void:
	_api.send_auth(peer, _ticket.to_ascii_buffer())
	# The server is the one that was connected to; it has nothing to prove here.
	_api.complete_auth(peer)


func _on_connected_to_server() -> void:
	_ticket = ""
	joined.emit()


## The server says something before it lets the player in: why it does not.
func _on_refusal_told(_peer: int, data: PackedByteArray) -> void:
	_end(data.get_string_from_ascii())


func _on_peer_authentication_failed(_peer: int) -> void:
	_end(NO_ANSWER)


## Once: what comes after a refusal tells nothing new.
func _end(code: String) -> void:
	if _ticket.is_empty():
		return
	_ticket = ""
	# Not while the engine is at it.
	_refuse.call_deferred(code)


func _refuse(code: String) -> void:
	leave()
	refused.emit(code)
