extends "res://tests/test_case.gd"
## Tickets, as a game gets them and as its own server checks them.

const PASSWORD: String = "correct horse"
const AUDIENCE: String = "arena:eu-1"

var _server := LonghallFakeServer.new()
var _client: NetworkClient


func set_up() -> void:
	await super()
	_server.add_account("Ada", PASSWORD)
	_client = NetworkClient.new()
	_client.fake_server = _server
	await add(_client)
	_client.connect_to_server()
	await wait_until(
		func() -> bool: return _client.state == NetworkClient.STATE_CONNECTED, "a connection"
	)


func test_a_ticket_says_who_asked_for_it() -> void:
	_server.set_server_role("Ada", "moderator")
	var heard: Array = []
	_client.ticket_received.connect(
		func(text: String, expires_at: float) -> void: heard.append_array([text, expires_at])
	)
	var ticket: LonghallTicket = _verified(await _ticket())
	check(ticket.valid and ticket.code.is_empty(), "refused: " + ticket.code)
	check_equal(ticket.username, "Ada", "the name")
	check_equal(ticket.role, "moderator", "the role")
	check(not ticket.guest and not ticket.account_id.is_empty(), "not an account")
	check(not ticket.id.is_empty(), "the ticket has no name")
	var left: float = ticket.expires_at - Time.get_unix_time_from_system()
	check(left > 50.0 and left < 62.0, "good for %f s" % left)
	check_equal(heard.size(), 2, "what the signal brings")
	check_equal(heard[1], float(ticket.expires_at), "when it ends, by the signal")


func test_a_ticket_is_taken_once() -> void:
	var text: String = await _ticket()
	check(_verified(text).valid, "not taken")
	var again: LonghallTicket = _verified(text)
	check_equal(again.code, "used", "why it is not taken again")
	check(again.username.is_empty() and again.account_id.is_empty(), "it says who it is")
	check(not again.reason.is_empty(), "there is no reason")
	check(_verified(await _ticket()).valid, "another one is not taken")


func test_a_ticket_for_another_server_is_refused_and_not_used_up() -> void:
	var text: String = await _ticket()
	var keys: String = _server.ticket_keys()
	check_equal(LonghallTicket.verify(text, keys, "arena").code, "wrong_audience", "a beginning")
	check(_verified(text).valid, "it was used up")


func test_keys_that_are_not_those_of_the_server_know_no_ticket() -> void:
	var text: String = await _ticket()
	var other := LonghallFakeServer.new()
	for keys: String in ["", "no keys", '{"keys":[]}', other.ticket_keys()]:
		var ticket: LonghallTicket = LonghallTicket.verify(text, keys, AUDIENCE)
		check_equal(ticket.code, "unknown_key", "with " + keys)


func test_whatever_a_stranger_sends_is_refused_quietly() -> void:
	var keys: String = _server.ticket_keys()
	for text: String in ["", ".", "..", "a.b.c", "é.é.é", "A".repeat(100_000)]:
		check_equal(LonghallTicket.verify(text, keys, AUDIENCE).code, "malformed_ticket", text)
	for bytes: PackedByteArray in [
		PackedByteArray(), PackedByteArray([0, 255, 254]), PackedByteArray([0xed, 0xa0, 0x80])
	]:
		var ticket: LonghallTicket = LonghallTicket.verify_bytes(bytes, keys, AUDIENCE)
		check_equal(ticket.code, "malformed_ticket", str(bytes))
	var text: String = await _ticket()
	var unsigned: PackedStringArray = text.split(".")
	unsigned[0] = Marshalls.utf8_to_base64('{"alg":"none","typ":"ticket+jwt"}').replace("=", "")
	check_equal(_verified(".".join(unsigned)).code, "forged", "without a signature")
	check(LonghallTicket.verify_bytes(text.to_utf8_buffer(), keys, AUDIENCE).valid, "not taken")


func test_an_audience_that_is_none_is_refused_with_its_field() -> void:
	await _log_in()
	for audience: String in ["", "two words", "a".repeat(65)]:
		var request: NetworkRequest = await _client.request_ticket(audience).completed
		check_equal(request.field, "audience", "the field for " + audience)
		check(request.result == null, "a ticket for " + audience)


func _log_in() -> void:
	if not _client.is_logged_in():
		await _client.login("ada", PASSWORD).completed


func _ticket() -> String:
	await _log_in()
	var request: NetworkRequest = await _client.request_ticket(AUDIENCE).completed
	check(request.ok, "no ticket: " + request.code)
	return str(request.result)


func _verified(text: String) -> LonghallTicket:
	return LonghallTicket.verify(text, _server.ticket_keys(), AUDIENCE)
