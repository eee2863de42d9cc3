extends "res://tests/game_case.gd"
## What a designer gets for three nodes in an empty scene, without a script or a
## connection.

const SCENE: String = """[gd_scene format=3]

[ext_resource type="PackedScene" path="res://addons/longhall/scenes/login/login.tscn" id="1"]
[ext_resource type="PackedScene" path="res://addons/longhall/scenes/chatbox/chatbox.tscn" id="2"]

[node name="Game" type="%s"]

[node name="NetworkClient" type="NetworkClient" parent="."]
url = "%s"

[node name="Login" parent="." instance=ExtResource("1")]

[node name="Chatbox" parent="." instance=ExtResource("2")]
"""
const FILE: String = "user://zero_lines.tscn"


func tear_down() -> void:
	DirAccess.remove_absolute(FILE)
	await super()


func test_three_nodes_register_log_in_and_chat() -> void:
	await _open("Node")
	check(game.main.get_script() == null, "the scene has a script")
	check(game.client.get_script() == null, "the client has a script")
	check(game.main.get_incoming_connections().is_empty(), "something is wired to the scene")
	check_equal(game.main.get_child_count(), 3, "the number of nodes")
	check(game.login_screen() != null, "the login screen is not shown")

	var ada: String = await registered("ada")
	await log_in(ada, PASSWORD)
	await wait_until(func() -> bool: return game.chatbox() != null, "the chatbox")
	check(not _node("Login").visible, "the login screen stays")

	var other: NetworkClient = await second_player("bo")
	await input.type("Hello")
	await input.press(KEY_ENTER)
	await wait_for_line("%s: Hello" % ada)
	other.send_chat("Hello yourself")
	await wait_for_line("%s: Hello yourself" % other.username)
	for name: String in [ada, other.username]:
		var says: String = name + ": "
		check_equal(game.chat_log().count(says), 1, "lines of %s in\n%s" % [name, game.chat_log()])

	await input.click(game.control("Button_Logout"))
	await wait_for_status("You are logged out")
	check(not _node("Chatbox").visible, "the chatbox stays")


func test_a_wrong_password_is_told_below_any_kind_of_node() -> void:
	for type: String in ["Node2D", "Node3D", "CanvasLayer"]:
		await _open(type)
		await log_in(unique("nobody"), PASSWORD)
		await wait_for_status("Username or password incorrect")
		game.main.free()


func _open(type: String) -> void:
	var file := FileAccess.open(FILE, FileAccess.WRITE)
	file.store_string(SCENE % [type, arguments.server])
	file.close()
	var scene: PackedScene = ResourceLoader.load(FILE, "", ResourceLoader.CACHE_MODE_IGNORE)
	game = Game.new(arguments.server, scene)
	await add(game.main)
	await wait_until(can_log_in, "the connection")


func _node(node_name: String) -> Control:
	return game.main.get_node(node_name)
