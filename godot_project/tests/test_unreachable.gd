extends "res://tests/test_case.gd"
## Why a server cannot be reached: the player reads what helps, the developer the likely cause.

const AnsweringPeer := preload("res://tests/answering_peer.gd")
const TlsProxy := preload("res://tests/tls_proxy.gd")
const Warnings := preload("res://tests/warnings.gd")

## More than a server that is silent takes.
const PATIENCE: float = 20.0

const PORTAL: String = (
	"HTTP/1.1 302 Found\r\nLocation: http://portal.example.org/login?mac=00\r\n"
	+ "Content-Length: 0\r\n\r\n"
)
const PAGE: String = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>Welcome!</html>"
const BAD_GATEWAY: String = "HTTP/1.1 502 Bad Gateway\r\nServer: nginx\r\n\r\n"
const TLS_WANTED: String = (
	"HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n\r\n"
	+ "<center>The plain HTTP request was sent to HTTPS port</center>"
)


func test_what_is_no_longhall_server_is_told_apart() -> void:
	for row: Array in [
		[PORTAL, true, "sends browsers to http://portal.example.org/login:"],
		[PAGE, true, "HTTP 200"],
		[BAD_GATEWAY, true, "does not run"],
		["HTTP/1.1 503 Service Unavailable\r\n\r\n", true, "HTTP 503"],
		["HTTP/1.1 404 Not Found\r\n\r\n", true, "HTTP 404"],
		["SSH-2.0-OpenSSH_9.2\r\n", false, "SSH-2.0-OpenSSH_9.2"],
		["220 mail.example.org ESMTP\r\n", false, "220 mail.example.org"],
		[TLS_WANTED, true, "use wss://127.0.0.1"],
	]:
		var answer: String = row[0]
		var waits: bool = row[1]
		var cause: String = row[2]
		for hangs_up: bool in [false, true]:
			var peer := AnsweringPeer.new(answer, waits, hangs_up)
			await add(peer)
			await _check(peer.url(), "wrong_server", cause)


func test_a_server_that_is_missing_is_unreachable() -> void:
	await _check("ws://127.0.0.1:1", "server_unreachable", "nothing listens on port 1")
	await _check("wss://127.0.0.1:1", "server_unreachable", "nothing listens on port 1")


func test_a_server_that_is_silent_is_unreachable() -> void:
	var peer := AnsweringPeer.new("")
	await add(peer)
	await _check(peer.url(), "server_unreachable", "does not answer")


func test_a_name_without_an_address_is_an_unknown_host() -> void:
	await _check("ws://no-such-host.invalid:8081", "unknown_host", "no-such-host.invalid")


func test_an_encrypted_url_for_a_plain_server_is_not_secure() -> void:
	var peer := AnsweringPeer.new(PAGE)
	await add(peer)
	await _check(peer.url("wss"), "not_secure", "use ws://127.0.0.1")
	if not arguments.server.is_empty():
		var url: String = arguments.server.replace("ws://", "wss://")
		await _check(url, "not_secure", "use ws://127.0.0.1")


func test_a_plain_url_for_an_encrypted_server_is_the_wrong_server() -> void:
	var proxy := await _proxy("127.0.0.1")
	await _check(proxy.url().replace("wss://", "ws://"), "wrong_server", "use wss://127.0.0.1")


func test_a_certificate_that_is_not_trusted_is_not_secure() -> void:
	var proxy := await _proxy("127.0.0.1")
	await _check(proxy.url(), "not_secure", "certificate")


func test_an_encrypted_proxy_without_its_server_is_the_wrong_server() -> void:
	var peer := AnsweringPeer.new(BAD_GATEWAY)
	await add(peer)
	var proxy := TlsProxy.new(peer.url(), "127.0.0.1")
	await add(proxy)
	await _check(proxy.url(), "wrong_server", "does not run", proxy.certificate)


func test_a_player_is_told_once_and_the_node_goes_on_trying() -> void:
	var client := _client("ws://no-such-host.invalid")
	client.reconnect_max_delay = 0.5
	var told: Array[String] = []
	var attempts: Array[int] = []
	client.disconnected.connect(
		func(reason: String, will_retry: bool, _seconds: float) -> void:
			told.append("%s %s" % [reason, will_retry])
	)
	client.reconnecting.connect(
		func(attempt: int, _seconds: float) -> void: attempts.append(attempt)
	)
	var warnings := Warnings.new()
	OS.add_logger(warnings)
	await add(client)
	await wait_until(func() -> bool: return 3 in attempts, "the third try", PATIENCE)
	OS.remove_logger(warnings)
	check_equal(told, ["unknown_host true"] as Array[String], "what was told")
	check_equal(warnings.texts().size(), 1, "how often the developer was told")


func test_a_url_is_understood_however_it_is_typed() -> void:
	if arguments.server.is_empty():
		return
	var rest: String = arguments.server.trim_prefix("ws://")
	for url: String in ["WS://" + rest, "Ws:" + rest, "  ws://%s/\u00a0" % rest, "ws:/" + rest]:
		var client := _client(url)
		await add(client)
		var connecting: NetworkRequest = await client.connect_to_server().completed
		check(connecting.ok, "%s: %s" % [url.c_escape(), connecting.code])


func test_another_spelling_of_the_url_is_no_other_server() -> void:
	if arguments.server.is_empty():
		return
	var client := _client(arguments.server)
	client.connect_automatically = false
	await add(client)
	await client.connect_to_server().completed
	client.disconnected.connect(
		func(reason: String, _retry: bool, _seconds: float) -> void:
			check(false, "disconnected: " + reason)
	)
	client.url = arguments.server.replace("ws://", " WS://") + "/"
	await client.connect_to_server().completed
	await frames(5)


func test_secrets_in_a_url_are_not_told() -> void:
	for url: String in ["ws://ada:secret@127.0.0.1:1", "ws://127.0.0.1:1/chat?token=secret"]:
		var warnings := Warnings.new()
		OS.add_logger(warnings)
		var client := _client(url)
		await add(client)
		await client.connect_to_server().completed
		await frames(3)
		OS.remove_logger(warnings)
		var told: PackedStringArray = warnings.texts()
		check(not told.is_empty(), "nothing was told")
		check(not "".join(told).contains("secret"), "the secret was told: " + "".join(told))


func _check(
	url: String, reason: String, cause: String, certificate: X509Certificate = null
) -> void:
	var client := _client(url)
	client.connect_automatically = false
	client.tls_certificate = certificate
	# The engine says in errors of its own what it does not understand.
	var is_noisy: bool = reason in ["wrong_server", "not_secure"] and not cause.begins_with("SSH")
	Engine.print_error_messages = not is_noisy
	var told: Array[String] = []
	client.disconnected.connect(
		func(why: String, _retry: bool, _seconds: float) -> void: told.append(why)
	)
	await add(client)
	var warnings := Warnings.new()
	OS.add_logger(warnings)
	var request := client.connect_to_server()
	await wait_until(func() -> bool: return request.is_completed, "the end of " + url, PATIENCE)
	await frames(3)
	OS.remove_logger(warnings)
	Engine.print_error_messages = true
	check_equal(request.code, reason, "the code of %s (%s)" % [url, cause])
	check_equal(told, [reason] as Array[String], "what was told of %s" % url)
	client.queue_free()
	if is_noisy:
		return
	var causes: PackedStringArray = warnings.texts()
	check_equal(causes.size(), 1, "how many warnings there were of %s" % url)
	var text: String = "".join(causes)
	check(text.contains(cause), "%s is not in %s" % [cause, text])
	check(text.contains(url), "%s is not in %s" % [url, text])


func _client(url: String) -> NetworkClient:
	var client := NetworkClient.new()
	client.url = url
	return client


func _proxy(name_in_certificate: String) -> TlsProxy:
	var target: String = arguments.server
	var proxy := TlsProxy.new(
		"ws://127.0.0.1:1" if target.is_empty() else target, name_in_certificate
	)
	await add(proxy)
	return proxy
