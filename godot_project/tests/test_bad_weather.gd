extends "res://tests/test_case.gd"
## A bad connection on purpose, in debug builds.

const PASSWORD: String = "correct horse"

var _server := LonghallFakeServer.new()
var _client: NetworkClient


func set_up() -> void:
	_server.add_account("ada", PASSWORD)
	_client = NetworkClient.new()
	_client.fake_server = _server
	_client.connect_automatically = false
	_client.reconnect_max_delay = 0.5
	await add(_client)
	await _client.connect_to_server().completed
	await _client.login("ada", PASSWORD).completed


func test_latency_makes_every_answer_late() -> void:
	_set_weather("latency", 150.0)
	var before: int = Time.get_ticks_msec()
	var chat: NetworkRequest = await _client.send_chat("Hello!").completed
	var took: int = Time.get_ticks_msec() - before
	check(chat.ok, "not said: " + chat.code)
	check(took >= 300, "there and back in %d ms" % took)


func test_jitter_keeps_the_order() -> void:
	_set_weather("latency", 20.0)
	_set_weather("jitter", 80.0)
	var heard: Array[String] = []
	_client.chat_received.connect(
		func(_channel: String, _sender: String, text: String, _at: int, _seq: int) -> void:
			heard.append(text)
	)
	var expected: Array[String] = []
	for i: int in 30:
		expected.append(str(i))
		_client.send_chat(str(i))
	await wait_until(func() -> bool: return heard.size() == 30, "all lines")
	check_equal(heard, expected, "the order")


func test_losses_come_and_heal() -> void:
	var losses := {count = 0}
	_client.disconnected.connect(
		func(reason: String, will_retry: bool, _seconds: float) -> void:
			check_equal(reason, "connection_lost", "the reason")
			check(will_retry, "the node gave up")
			losses.count += 1
	)
	_set_weather("loss_interval", 0.05)
	await wait_until(func() -> bool: return losses.count >= 2, "two losses")
	_set_weather("loss_interval", 0.0)
	await wait_until(_client.is_logged_in, "fine weather")


func test_fine_weather_lets_through_what_was_delayed() -> void:
	_set_weather("latency", 200.0)
	var chat := _client.send_chat("Hello!")
	_set_weather("latency", 0.0)
	await chat.completed
	check(chat.ok, "not said: " + chat.code)


# By name, because a release build has no such properties.
func _set_weather(property: String, value: float) -> void:
	var name: String = "bad_weather_" + property
	check(name in _client, "there is no " + name)
	_client.set(name, value)
