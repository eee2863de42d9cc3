@tool
extends "res://tests/editor/dock_case.gd"
## Takes a picture of the editor with the dock in it, for the documentation.

const MAIN_SCENE: String = "res://scenes/main/main.tscn"
## Until the editor has drawn all that is new.
const FRAMES: int = 30
## An editor that draws without a graphics card is slow, in seconds.
const PATIENCE: float = 30.0


## Starts the server as a designer does, and saves what is to be seen in [param file].
func take(file: String) -> void:
	EditorInterface.set_main_screen_editor("2D")
	EditorInterface.open_scene_from_path(MAIN_SCENE)
	_dock().make_visible()
	LocalServer.set_port(LocalServer.DEFAULT_PORT)
	press("Start")
	await wait_until(func() -> bool: return state_text().begins_with(RUNNING), "it runs", PATIENCE)
	press("Seed")
	await wait_until(func() -> bool: return notice().contains("ada, bob, eve"), "players", PATIENCE)
	await frames(FRAMES)
	# The editor draws only when something has changed.
	RenderingServer.force_draw()
	var error: Error = tree.root.get_texture().get_image().save_png(file)
	check(error == OK, "cannot save %s: %s" % [file, error_string(error)])
	await stop()


func _dock() -> EditorDock:
	var found: Node = control("State")
	while not found is EditorDock:
		found = found.get_parent()
	return found
