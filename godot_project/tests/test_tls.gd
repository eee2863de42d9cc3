extends "res://tests/test_case.gd"
## Encrypted connections: the engine's certificates, or one of the designer's own.

const TlsProxy := preload("res://tests/tls_proxy.gd")

const PASSWORD: String = "correct horse"


func why_skipped() -> String:
	return "no --server" if arguments.server.is_empty() else ""


func test_a_certificate_of_ones_own_is_trusted_when_it_is_given() -> void:
	var proxy := await _proxy("127.0.0.1")
	var client := await _client(proxy.url())
	client.tls_certificate = proxy.certificate
	var connecting: NetworkRequest = await client.connect_to_server().completed
	check(connecting.ok, "not connected: " + connecting.code)
	var name: String = unique("ada")
	await client.register(name, PASSWORD).completed
	var login: NetworkRequest = await client.login(name, PASSWORD).completed
	check(login.ok, "not logged in: " + login.code)
	var chat: NetworkRequest = await client.send_chat("Hello!").completed
	check(chat.ok, "not said: " + chat.code)
	# So simple a proxy may write into a connection that is closing.
	Engine.print_error_messages = false
	client.disconnect_from_server()
	await frames(10)
	proxy.free()
	Engine.print_error_messages = true


func test_the_servers_own_tls_is_used_with_the_lines_that_it_prints_for_the_game() -> void:
	if not server_control.exists():
		return
	var folder: String = ProjectSettings.globalize_path("user://tls")
	check_equal(await server_control.send("encrypt " + folder), "", "the certificate")
	var client := await _client(arguments.server.replace("ws://", "wss://"))
	Engine.print_error_messages = false
	var connecting: NetworkRequest = await client.connect_to_server().completed
	check_equal(connecting.code, "not_secure", "without the certificate")
	client.disconnect_from_server()
	await frames(10)
	Engine.print_error_messages = true
	var certificate := X509Certificate.new()
	check_equal(certificate.load(folder.path_join("longhall-dev.crt")), OK, "the file is read")
	client.tls_certificate = certificate
	connecting = await client.connect_to_server().completed
	check(connecting.ok, "not connected: " + connecting.code)
	var name: String = unique("ada")
	await client.register(name, PASSWORD).completed
	var login: NetworkRequest = await client.login(name, PASSWORD).completed
	check(login.ok, "not logged in: " + login.code)
	var chat: NetworkRequest = await client.send_chat("Hello!").completed
	check(chat.ok, "not said: " + chat.code)
	client.disconnect_from_server()
	await frames(10)
	check_equal(await server_control.send("decrypt"), "", "the server without")


func test_an_unknown_certificate_is_not_trusted() -> void:
	var proxy := await _proxy("127.0.0.1")
	await _check_refused(proxy, null)


func test_another_certificate_is_not_trusted() -> void:
	var proxy := await _proxy("127.0.0.1")
	var other := await _proxy("127.0.0.1")
	await _check_refused(proxy, other.certificate)


func test_a_certificate_for_another_name_is_not_trusted() -> void:
	var proxy := await _proxy("chat.example.org")
	await _check_refused(proxy, proxy.certificate)


func _check_refused(proxy: TlsProxy, certificate: X509Certificate) -> void:
	var client := await _client(proxy.url())
	client.tls_certificate = certificate
	# The engine says in the console what is wrong with a certificate.
	Engine.print_error_messages = false
	var connecting: NetworkRequest = await client.connect_to_server().completed
	client.disconnect_from_server()
	await frames(10)
	Engine.print_error_messages = true
	check(not connecting.ok, "connected in spite of the certificate")
	check_equal(connecting.code, "not_secure", "the code")


func _proxy(name: String) -> TlsProxy:
	var proxy := TlsProxy.new(arguments.server, name)
	await add(proxy)
	return proxy


func _client(url: String) -> NetworkClient:
	var client := NetworkClient.new()
	client.url = url
	client.connect_automatically = false
	await add(client)
	return client
