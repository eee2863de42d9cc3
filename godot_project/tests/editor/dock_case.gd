@tool
extends "res://tests/editor/editor_case.gd"
## Tests of the Longhall dock: what its buttons do, seen from outside.
##
## The server's program is in [code]PATH[/code]. What runs games is in the variable
## [code]LONGHALL_TEST_ENGINE[/code], as the editor's own program may need a loader.

const LocalServer := preload("res://addons/longhall/editor/local_server.gd")
const Program := preload("res://addons/longhall/editor/server_program.gd")
const GameWindows := preload("res://addons/longhall/editor/game_windows.gd")

## Where the games of tests are at home: on no server.
const NOWHERE: String = "ws://127.0.0.1:9"
const ENGINE: String = "LONGHALL_TEST_ENGINE"
const RUNNING: String = "Running at ws://127.0.0.1:"


## A control of the dock by its name.
func control(of_name: String) -> Control:
	var dock: Node = tree.root.find_child("LonghallDock", true, false)
	return dock.find_child(of_name, true, false)


## Presses a button of the dock, which a player could press too.
func press(of_name: String) -> void:
	var button: Button = control(of_name)
	if check(not button.disabled, "%s cannot be pressed" % of_name):
		button.pressed.emit()


## What the dock says of the server.
func state_text() -> String:
	var label: Label = control("State")
	return label.text


## What the dock says of the last thing that was done.
func notice() -> String:
	var label: Label = control("Notice")
	return label.text


func local_server() -> LocalServer:
	return tree.root.find_child("LonghallServer", true, false)


func windows() -> GameWindows:
	return tree.root.find_child("LonghallWindows", true, false)


## Starts the server on a free port.
func start() -> void:
	LocalServer.set_port(0)
	press("Start")
	await wait_until(func() -> bool: return state_text().begins_with(RUNNING), "it runs")


func stop() -> void:
	press("Stop")
	await wait_until(func() -> bool: return state_text() == "Stopped", "it stops")


## Saves a scene that plays by itself, and is at home on another server. Returns where.
func save_game() -> String:
	var root := Node.new()
	root.name = SCENE_NAME
	root.set_script(load("res://tests/editor/played_game.gd"))
	var client: Node = ClassDB.instantiate("NetworkClient")
	client.name = "NetworkClient"
	client.set("url", NOWHERE)
	root.add_child(client)
	client.owner = root
	var scene := PackedScene.new()
	scene.pack(root)
	root.free()
	ResourceSaver.save(scene, "res://played.tscn")
	return "res://played.tscn"


## Whether anybody listens at [param url].
func is_reachable(url: String) -> bool:
	var address: PackedStringArray = url.trim_prefix("ws://").split(":")
	var peer := StreamPeerTCP.new()
	if peer.connect_to_host(address[0], int(address[1])) != OK:
		return false
	while peer.get_status() == StreamPeerTCP.STATUS_CONNECTING:
		await tree.process_frame
		peer.poll()
	return peer.get_status() == StreamPeerTCP.STATUS_CONNECTED


## Whether there is a process. The engine would complain about one that it has ended itself.
func is_alive(pid: int) -> bool:
	return OS.execute("kill", ["-0", str(pid)]) == 0


## The accounts in the database of the dock's server, as its operator sees them.
func accounts() -> String:
	var output: Array[String] = []
	var database: String = LocalServer.folder().path_join("longhall.db")
	OS.execute(Program.find(), ["users", "list", "--json", "--database", database], output)
	return output[0]
