extends "res://tests/test_channels.gd"
## The tests of test_channels.gd against the real server.


func why_skipped() -> String:
	return "no --server" if arguments.server.is_empty() else ""


func _address(client: NetworkClient) -> void:
	client.url = arguments.server


# The nodes come back by themselves, as after any other cut.
func _cut() -> void:
	await server_control.send("restart")
