@tool
extends "res://tests/editor/editor_case.gd"
## The library is loaded anew while a scene with its nodes is open: the editor goes on,
## and what the designer has set stays.

const SETTLE_SECONDS: float = 0.5

var _root: Node
## The values of each node, by the node's name.
var _values: Dictionary[String, Dictionary] = {}
var _server: TCPServer
var _finished: Callable


func test_values_survive_a_reload() -> void:
	await _open_changed_scene()
	check_equal(GDExtensionManager.reload_extension(EXTENSION), OK, "reloading")
	_check_values("after the reload")
	await frames(30)
	_check_values("30 frames after the reload")
	EditorInterface.close_scene()


## Puts a copy of the library in its place, as an update does, gives the editor the
## focus, and calls [param finished] when all is checked.
func replace_library(finished: Callable) -> void:
	_finished = finished
	await _open_changed_scene()
	var library: String = ProjectSettings.globalize_path(_library())
	var fresh: String = library + ".new"
	check_equal(DirAccess.copy_absolute(library, fresh), OK, "copying %s" % library)
	check_equal(DirAccess.rename_absolute(fresh, library), OK, "replacing %s" % library)
	GDExtensionManager.extensions_reloaded.connect(_on_extensions_reloaded, CONNECT_ONE_SHOT)
	tree.root.propagate_notification(Node.NOTIFICATION_APPLICATION_FOCUS_IN)


func _on_extensions_reloaded() -> void:
	_check_values("when the library was replaced")
	tree.create_timer(SETTLE_SECONDS).timeout.connect(_on_settled)


func _on_settled() -> void:
	_check_values("after the library was replaced")
	_finished.call()


## Every value differs from its default, so that a lost one shows.
func _open_changed_scene() -> void:
	_server = TCPServer.new()
	check_equal(_server.listen(0, "127.0.0.1"), OK, "listening")
	_root = await open_scene(node_classes(), {})
	for node: Node in _root.get_children():
		var values: Dictionary[String, Variant] = {}
		for property: Dictionary in exported_properties(node.get_class()):
			var name: String = property["name"]
			var other: Variant = other_value(property, node.get(name))
			if name == "url":
				other = "ws://127.0.0.1:%d" % _server.get_local_port()
			if other != null:
				node.set(name, other)
				values[name] = other
		_values[node.name] = values


func _check_values(when: String) -> void:
	check_equal(EditorInterface.get_edited_scene_root(), _root, "the edited scene " + when)
	for node: Node in _root.get_children():
		var values: Dictionary[String, Variant] = _values[node.name]
		check(ClassDB.class_exists(node.get_class()), "%s has no class %s" % [node.name, when])
		for name: String in values:
			check_equal(node.get(name), values[name], "%s.%s %s" % [node.name, name, when])
	check(not _server.is_connection_available(), "dialled " + when)


## The library that this editor has loaded: the first whose features are all ours.
func _library() -> String:
	var extension := ConfigFile.new()
	check_equal(extension.load(EXTENSION), OK, "loading " + EXTENSION)
	for key: String in extension.get_section_keys("libraries"):
		if Array(key.split(".")).all(OS.has_feature):
			var file: String = extension.get_value("libraries", key)
			return EXTENSION.get_base_dir().path_join(file)
	check(false, "no library in %s is for this system" % EXTENSION)
	return ""
