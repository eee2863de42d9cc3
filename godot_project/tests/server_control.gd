extends RefCounted
## Stops and starts the game server, through a TCP port of this machine.
##
## One command per line, [code]stop[/code], [code]kill[/code], [code]start[/code],
## [code]restart[/code], [code]wipe[/code], [code]backup[/code], [code]restore[/code],
## [code]encrypt FOLDER[/code], [code]decrypt[/code] or
## [code]game-key FILE[/code]; the answer is [code]ok[/code] or
## [code]error …[/code] when it is done.

const PATIENCE_MS: int = 20_000

var _address: String


func _init(address: String) -> void:
	_address = address


## Whether there is a server to control.
func exists() -> bool:
	return not _address.is_empty()


## Sends [param command] and waits for its end. Returns an empty text, or what
## went wrong.
func send(command: String) -> String:
	var tree: SceneTree = Engine.get_main_loop()
	var deadline: int = Time.get_ticks_msec() + PATIENCE_MS
	var peer := StreamPeerTCP.new()
	var host: String = _address.get_slice(":", 0)
	if peer.connect_to_host(host, _address.get_slice(":", 1).to_int()) != OK:
		return "cannot connect to " + _address
	var sent: bool = false
	var answer: String = ""
	while not answer.ends_with("\n"):
		await tree.process_frame
		if Time.get_ticks_msec() > deadline or peer.poll() != OK:
			return "no answer to " + command
		if peer.get_status() != StreamPeerTCP.STATUS_CONNECTED:
			continue
		if not sent:
			peer.put_data((command + "\n").to_utf8_buffer())
			sent = true
		if peer.get_available_bytes() > 0:
			answer += peer.get_utf8_string(peer.get_available_bytes())
	peer.disconnect_from_host()
	return "" if answer == "ok\n" else answer.strip_edges()
