extends Node
## A server of the bare protocol: greets everybody, and notes what they send.

const HELLO: String = (
	'{"type":"hello","protocol":%d,"server":"test","message_of_the_day":"","limits":{'
	+ '"username_min_chars":3,"username_max_chars":20,"password_min_chars":8,'
	+ '"password_max_chars":99,"chat_max_chars":500,"packet_max_bytes":8192,'
	+ '"channel_max_chars":24,"topic_max_chars":120,"presence_max_chars":60,'
	+ '"page_max_lines":500,"channels_per_account":20,"edit_window_s":900}}'
)
## It speaks whichever version is asked for: what it says is the same in all.
const NEWEST: int = 20

## The types of the packets that came, in order.
var received: PackedStringArray = []

var _listener := TCPServer.new()
var _peer: WebSocketPeer
var _has_greeted: bool = false


func _init() -> void:
	_listener.listen(0, "127.0.0.1")


## Where it is.
func url() -> String:
	return "ws://127.0.0.1:%d" % _listener.get_local_port()


func _process(_delta: float) -> void:
	if _peer == null and _listener.is_connection_available():
		_peer = WebSocketPeer.new()
		_peer.supported_protocols = range(NEWEST + 1).map(
			func(version: int) -> String: return "longhall.v%d" % version
		)
		_peer.accept_stream(_listener.take_connection())
	if _peer == null:
		return
	_peer.poll()
	if not _has_greeted and _peer.get_ready_state() == WebSocketPeer.STATE_OPEN:
		_has_greeted = true
		_peer.send_text(HELLO % _peer.get_selected_protocol().get_slice(".v", 1).to_int())
	while _peer.get_available_packet_count() > 0:
		var packet: Dictionary = JSON.parse_string(_peer.get_packet().get_string_from_utf8())
		var type: String = packet["type"]
		received.append(type)
		_peer.send_text('{"type":"ok","id":%d}' % packet["id"])
