@tool
extends EditorPlugin
## Adds the Longhall dock to the editor: a server for trying things out.
##
## The node and the scenes of the addon work without it, and no finished game runs any of it.

const LocalServer := preload("local_server.gd")
const GameWindows := preload("game_windows.gd")
const ServerDock := preload("server_dock.gd")
const ICON: Texture2D = preload("res://addons/longhall/icons/longhall.svg")

var _server := LocalServer.new()
var _windows := GameWindows.new()
var _dock := EditorDock.new()
var _controls: ServerDock


func _enter_tree() -> void:
	_server.name = "LonghallServer"
	_windows.name = "LonghallWindows"
	add_child(_server)
	add_child(_windows)
	_controls = ServerDock.new(_server, _windows)
	_dock.title = "Longhall"
	_dock.dock_icon = ICON
	_dock.layout_key = "longhall"
	_dock.default_slot = EditorDock.DOCK_SLOT_RIGHT_UL
	_dock.add_child(_controls)
	add_dock(_dock)


func _exit_tree() -> void:
	# The editor ends, or the plugin is switched off: nothing of ours stays behind.
	_windows.close()
	_server.quit()
	remove_dock(_dock)
	_dock.queue_free()


func _run_scene(_scene: String, arguments: PackedStringArray) -> PackedStringArray:
	if not _server.is_running() or not _controls.is_offered_to_games():
		return arguments
	return GameWindows.with_user_argument(arguments, GameWindows.URL_ARGUMENT + _server.url)
