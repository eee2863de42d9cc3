extends Node
## Stands before the real server and speaks TLS, with a certificate of its own making.

## What clients are to trust.
var certificate: X509Certificate

var _key: CryptoKey
var _target_port: int
var _listener := TCPServer.new()
var _links: Array[Link] = []


## A proxy for the server at [param target], for clients that call it [param name].
func _init(target: String, name_in_certificate: String) -> void:
	_target_port = target.get_slice(":", 2).to_int()
	var crypto := Crypto.new()
	_key = crypto.generate_rsa(2048)
	certificate = crypto.generate_self_signed_certificate(
		_key, "CN=%s,O=Longhall,C=DE" % name_in_certificate
	)
	_listener.listen(0, "127.0.0.1")


## Where clients connect to.
func url() -> String:
	return "wss://127.0.0.1:%d" % _listener.get_local_port()


func _process(_delta: float) -> void:
	while _listener.is_connection_available():
		_links.append(Link.new(_listener.take_connection(), _key, certificate, _target_port))
	for link: Link in _links:
		link.carry()


class Link:
	extends RefCounted

	var _front := StreamPeerTLS.new()
	var _back := StreamPeerTCP.new()

	func _init(tcp: StreamPeerTCP, key: CryptoKey, own: X509Certificate, port: int) -> void:
		_front.accept_stream(tcp, TLSOptions.server(key, own))
		_back.connect_to_host("127.0.0.1", port)

	func carry() -> void:
		# Only while it lasts: a closed stream that is polled answers with an error.
		if (
			_front.get_status()
			in [StreamPeerTLS.STATUS_HANDSHAKING, StreamPeerTLS.STATUS_CONNECTED]
		):
			_front.poll()
		_back.poll()
		if _is_open():
			_move(_front, _back)
		if _is_open():
			_move(_back, _front)

	func _is_open() -> bool:
		return (
			_front.get_status() == StreamPeerTLS.STATUS_CONNECTED
			and _back.get_status() == StreamPeerTCP.STATUS_CONNECTED
		)

	func _move(from: StreamPeer, to: StreamPeer) -> void:
		var available: int = from.get_available_bytes()
		if available > 0:
			var read: Array = from.get_data(available)
			var bytes: PackedByteArray = read[1]
			to.put_data(bytes)
