extends "res://tests/test_case.gd"
## The node that fetches the keys of tickets.

const AnsweringPeer := preload("res://tests/answering_peer.gd")

const SET: String = '{"keys":[]}'

var _told: Array[String] = []


func test_keys_are_fetched_at_the_start_and_not_again_at_once() -> void:
	var keys: LonghallTicketKeys = await _keys_of(_answer("200 OK", SET))
	await wait_until(func() -> bool: return not _told.is_empty(), "the keys")
	check_equal(_told, [""] as Array[String], "what was told")
	check_equal(keys.text, SET, "the keys")
	check(not keys.may_fetch() and not keys.fetch(), "fetched twice in a minute")


func test_keys_of_before_stay_when_there_are_none_to_be_had() -> void:
	for answer: String in [
		_answer("404 Not Found", SET),
		_answer("200 OK", "<html>log in</html>"),
		_answer("200 OK", '{"keys":1}'),
		_answer("302 Found\r\nLocation: http://127.0.0.1:1/keys", ""),
		_answer("200 OK", "{" + " ".repeat(70_000)),
	]:
		_told.clear()
		var keys: LonghallTicketKeys = await _keys_of(answer)
		keys.text = "of before"
		await wait_until(func() -> bool: return not _told.is_empty(), "a failure")
		check(not _told.is_empty() and not _told[0].is_empty(), "fetched: " + answer.left(30))
		check_equal(keys.text, "of before", "the keys")


func _answer(status: String, body: String) -> String:
	var head: String = "HTTP/1.1 %s\r\nContent-Type: application/json\r\n" % status
	return head + "Content-Length: %d\r\nConnection: close\r\n\r\n%s" % [body.length(), body]


func _keys_of(answer: String) -> LonghallTicketKeys:
	var peer := AnsweringPeer.new(answer)
	await add(peer)
	var keys := LonghallTicketKeys.new()
	keys.url = peer.url("http") + "/keys"
	keys.fetched.connect(func() -> void: _told.append(""))
	keys.failed.connect(func(reason: String) -> void: _told.append(reason))
	await add(keys)
	return keys
