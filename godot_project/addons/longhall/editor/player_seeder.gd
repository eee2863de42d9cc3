@tool
extends Node
## Registers players to log in as, on a server that is only there for trying things out.
##
## It speaks the few packets by itself: nodes of the addon do nothing in the editor.

## It is over. [param trouble] is empty if all of them are there.
signal finished(trouble: String)

## They can log in, all with the [constant PASSWORD].
const PLAYERS: Array[String] = ["ada", "bob", "eve"]

## Known to everybody who has the addon: of no use but on this machine.
const PASSWORD: String = "correct horse"

const _PROTOCOL: String = "longhall.v2"
const _LIMIT_MS: int = 10_000
const _TAKEN: String = "username_taken"

var _peer: WebSocketPeer
var _deadline_ms: int = 0
# The ids of requests without an answer.
var _open: Array[int] = []


func _ready() -> void:
	set_process(false)


func _process(_delta: float) -> void:
	_peer.poll()
	while _peer != null and _peer.get_available_packet_count() > 0:
		_read(_peer.get_packet().get_string_from_utf8())
	if _peer == null:
		return
	if _peer.get_ready_state() == WebSocketPeer.STATE_CLOSED:
		_finish("The server has closed the connection: %s" % _peer.get_close_reason())
	elif Time.get_ticks_msec() > _deadline_ms:
		_finish("The server does not answer.")


## Registers those of [constant PLAYERS] that are not there yet at [param url]. Ends with
## [signal finished]; a call meanwhile does nothing.
func seed_players(url: String) -> void:
	if _peer != null:
		return
	_peer = WebSocketPeer.new()
	_peer.supported_protocols = [_PROTOCOL]
	_deadline_ms = Time.get_ticks_msec() + _LIMIT_MS
	set_process(true)
	if _peer.connect_to_url(url) != OK:
		_finish("%s is no address of a server." % url)


func _read(text: String) -> void:
	var json := JSON.new()
	if json.parse(text) != OK or not json.data is Dictionary:
		return
	var packet: Dictionary = json.data
	match packet.get("type"):
		"hello":
			_register()
		"ok":
			_answered(packet)
		"deny" when packet.get("code") == _TAKEN:
			_answered(packet)
		"deny":
			_finish(str(packet.get("reason", packet.get("code"))))


func _register() -> void:
	for id: int in PLAYERS.size():
		_open.append(id)
		var packet: Dictionary[String, Variant] = {
			type = "register", id = id, username = PLAYERS[id], password = PASSWORD
		}
		_peer.send_text(JSON.stringify(packet))


func _answered(packet: Dictionary) -> void:
	# Numbers out of JSON are floats.
	var id: float = packet.get("id", -1.0)
	_open.erase(int(id))
	if _open.is_empty():
		_finish("")


func _finish(trouble: String) -> void:
	_peer.close()
	_peer = null
	_open.clear()
	set_process(false)
	finished.emit(trouble)
