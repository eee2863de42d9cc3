@tool
extends "res://tests/editor/editor_case.gd"
## Nodes of the addon do nothing in a scene that is being edited, whatever is done to them.

const PATIENCE_FRAMES: int = 20


func test_an_edited_scene_dials_nobody() -> void:
	var server := TCPServer.new()
	check_equal(server.listen(0, "127.0.0.1"), OK, "listening")
	await _check_that_calls_are_noticed(server)
	var url: String = "ws://127.0.0.1:%d" % server.get_local_port()
	var root: Node = await open_scene(node_classes(), {"url": url})
	await _expect_quiet(server, root, "after the scene was opened")
	for node: Node in root.get_children():
		_change_properties(node)
	await _expect_quiet(server, root, "after properties were changed")
	for node: Node in root.get_children():
		_call_methods(node)
	await _expect_quiet(server, root, "after methods were called")
	# As when the designer comes back from another window, or wakes the computer.
	root.propagate_notification(Node.NOTIFICATION_APPLICATION_FOCUS_IN)
	root.propagate_notification(Node.NOTIFICATION_APPLICATION_RESUMED)
	await _expect_quiet(server, root, "after the editor got the focus")
	var parent: Node = root.get_parent()
	parent.remove_child(root)
	parent.add_child(root)
	await _expect_quiet(server, root, "after the scene was hidden and shown")
	EditorInterface.close_scene()
	await frames(PATIENCE_FRAMES)
	check(not server.is_connection_available(), "dialled after the scene was closed")


func test_an_edited_scene_leaves_the_login_alone_that_the_game_remembers() -> void:
	var root: Node = await open_scene(["NetworkClient"], {"remember_login": true})
	var client: Node = root.get_child(0)
	var path: String = client.get("remember_file")
	var url: String = client.get("url")
	var kept: String = "longhall login 1\n%s\nada\n%s\n" % [url, "ab".repeat(32)]
	FileAccess.open(path, FileAccess.WRITE).store_string(kept)
	# As the game would see it; otherwise there is nothing to leave alone.
	check_equal(client.call("has_remembered_login"), true, "that the file holds a login")
	var before: String = FileAccess.get_file_as_string(path)
	_change_properties(client)
	_call_methods(client)
	EditorInterface.close_scene()
	await frames(PATIENCE_FRAMES)
	check_equal(FileAccess.get_file_as_string(path), before, path)


func test_a_request_in_an_edited_scene_ends() -> void:
	var root: Node = await open_scene(["NetworkClient"], {})
	var client: Node = root.get_child(0)
	for method: String in ["connect_to_server", "logout"]:
		var request: Object = client.call(method)
		await wait_until(
			func() -> bool: return request.get("is_completed") == true, method + " ends"
		)
	EditorInterface.close_scene()


func _check_that_calls_are_noticed(server: TCPServer) -> void:
	var caller := StreamPeerTCP.new()
	caller.connect_to_host("127.0.0.1", server.get_local_port())
	await wait_until(server.is_connection_available, "the listener notices a caller")
	server.take_connection()


func _expect_quiet(server: TCPServer, root: Node, when: String) -> void:
	await frames(PATIENCE_FRAMES)
	if not check(not server.is_connection_available(), "dialled " + when):
		server.take_connection()
	for node: Node in root.get_children():
		if "state" in node:
			var offline: int = ClassDB.class_get_integer_constant(node.get_class(), "STATE_OFFLINE")
			check_equal(node.get("state"), offline, "state %s" % when)


func _change_properties(node: Node) -> void:
	for property: Dictionary in exported_properties(node.get_class()):
		var name: String = property["name"]
		var value: Variant = node.get(name)
		var other: Variant = other_value(property, value)
		if other != null:
			node.set(name, other)
			check_equal(node.get(name), other, name)
			node.set(name, value)
			check_equal(node.get(name), value, name)


func _call_methods(node: Node) -> void:
	for method: Dictionary in ClassDB.class_get_method_list(node.get_class(), true):
		var name: String = method["name"]
		if name.begins_with("_") or name.begins_with("set_"):
			continue
		var arguments: Array = []
		for argument: Dictionary in method["args"]:
			var type: Variant.Type = argument["type"]
			arguments.append("correct horse" if type == TYPE_STRING else type_convert(0, type))
		node.callv(name, arguments)
