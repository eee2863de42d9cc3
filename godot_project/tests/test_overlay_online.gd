extends "res://tests/game_case.gd"
## What a designer gets for a client, a login and an overlay in an empty 3D scene, with a
## real server and without a script.

const SCENE: String = """[gd_scene format=3]

[ext_resource type="PackedScene" path="res://addons/longhall/scenes/login/login.tscn" id="1"]
[ext_resource type="PackedScene" path="res://addons/longhall/scenes/overlay/overlay.tscn" id="2"]

[node name="Level" type="Node3D"]

[node name="NetworkClient" type="NetworkClient" parent="."]
url = "%s"

[node name="Login" parent="." instance=ExtResource("1")]

[node name="HUD" type="CanvasLayer" parent="."]

[node name="ChatOverlay" parent="HUD" instance=ExtResource("2")]
"""
const FILE: String = "user://overlay_online.tscn"


func tear_down() -> void:
	DirAccess.remove_absolute(FILE)
	await super()


func test_three_nodes_are_a_chat_over_a_game() -> void:
	var file := FileAccess.open(FILE, FileAccess.WRITE)
	file.store_string(SCENE % arguments.server)
	file.close()
	var scene: PackedScene = ResourceLoader.load(FILE, "", ResourceLoader.CACHE_MODE_IGNORE)
	var level: Node3D = scene.instantiate()
	var client: NetworkClient = level.get_node("NetworkClient")
	client.ask_for_recovery_codes = false
	await add(level)
	var overlay: ChatOverlay = level.get_node("HUD/ChatOverlay")
	var login: LoginScreen = level.get_node("Login")
	await wait_until(
		func() -> bool: return client.state == NetworkClient.STATE_CONNECTED, "the connection"
	)
	check(not overlay.visible, "the overlay is there before the login")
	var ada: String = unique("ada")
	await input.click(login.get_node("%LineEdit_Username") as Control)
	await input.type(ada)
	await input.click(login.get_node("%LineEdit_Password") as Control)
	await input.type(PASSWORD)
	await input.click(login.get_node("%Button_Register") as Control)
	await wait_until(func() -> bool: return overlay.visible, "the overlay")
	var ben: NetworkClient = await second_player("ben")
	await ben.send_chat("Over here!").completed
	await _until_shown(overlay, "%s: Over here!" % ben.username)
	await input.press(KEY_ENTER)
	await input.type("Coming")
	await input.press(KEY_ENTER)
	await _until_shown(overlay, "%s: Coming" % ada)
	check_equal(_shown(overlay).count("Coming"), 1, "times the own line is there")
	await input.press(KEY_ENTER)
	await input.type("/w %s psst" % ben.username)
	await input.press(KEY_ENTER)
	await _until_shown(overlay, "To %s: psst" % ben.username)


func _until_shown(overlay: ChatOverlay, text: String) -> void:
	if not await wait_until(func() -> bool: return _shown(overlay).contains(text), text):
		check_equal(_shown(overlay), text, "what is shown")


func _shown(overlay: ChatOverlay) -> String:
	var chat: RichTextLabel = overlay.get_node("%Log")
	return chat.get_parsed_text().replace("\u2068", "").replace("\u2069", "")
