extends Node
## What a game without the addon would write: the engine's socket and the engine's JSON.

signal chat_received(channel: String, sender: String, text: String, sent_at_ms: int, seq: int)

var is_logged_in: bool = false
## Whether it takes lines without looking into them: what is left is the engine's socket.
var only_takes: bool = false
var _peer := WebSocketPeer.new()
var _username: String
var _password: String


func start(url: String, username: String, password: String) -> void:
	_username = username
	_password = password
	_peer.supported_protocols = ["longhall.v2"]
	_peer.inbound_buffer_size = 4 << 20
	_peer.max_queued_packets = 16 * 1024
	_peer.connect_to_url(url)


func _process(_delta: float) -> void:
	_peer.poll()
	while _peer.get_available_packet_count() > 0:
		if only_takes and is_logged_in:
			_peer.get_packet()
			chat_received.emit("", "", "", 0, 0)
			continue
		var parsed: Variant = JSON.parse_string(_peer.get_packet().get_string_from_utf8())
		if parsed is Dictionary:
			var packet: Dictionary = parsed
			_handle(packet)


func _handle(packet: Dictionary) -> void:
	match packet.get("type"):
		"hello":
			_send({type = "hello", id = 1, protocol = 2, client = "script"})
			_send({type = "login", id = 2, username = _username, password = _password})
		"logged_in":
			is_logged_in = true
		"chat":
			var channel: String = packet["channel"]
			var sender: String = packet["sender"]
			var text: String = packet["text"]
			var sent_at_ms: int = packet["sent_at_ms"]
			var seq: int = packet["seq"]
			chat_received.emit(channel, sender, text, sent_at_ms, seq)


func _send(packet: Dictionary) -> void:
	_peer.send_text(JSON.stringify(packet))
