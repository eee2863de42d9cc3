extends Node
## Something at an address that is no Longhall server: answers every connection with the same
## bytes.

var _listener := TCPServer.new()
var _answer: PackedByteArray
## Waits to be spoken to first.
var _waits: bool
var _hangs_up: bool
var _connections: Array[StreamPeerTCP] = []
var _answered: Array[StreamPeerTCP] = []


func _init(answer: String, waits: bool = true, hangs_up: bool = false) -> void:
	_answer = answer.to_utf8_buffer()
	_waits = waits
	_hangs_up = hangs_up
	_listener.listen(0, "127.0.0.1")


## Where it is, with [param scheme] in front.
func url(scheme: String = "ws") -> String:
	return "%s://127.0.0.1:%d" % [scheme, _listener.get_local_port()]


func _process(_delta: float) -> void:
	while _listener.is_connection_available():
		_connections.append(_listener.take_connection())
	for connection: StreamPeerTCP in _connections:
		connection.poll()
		if connection in _answered or connection.get_status() != StreamPeerTCP.STATUS_CONNECTED:
			continue
		var waiting: int = connection.get_available_bytes()
		if _waits and waiting == 0:
			continue
		# Bytes left unread would take the answer with them.
		connection.get_data(waiting)
		_answered.append(connection)
		if not _answer.is_empty():
			connection.put_data(_answer)
		if _hangs_up:
			connection.disconnect_from_host()
