@tool
extends "res://tests/editor/editor_case.gd"
## What a designer sees who selects a node of the addon: its line in the Scene dock and
## its properties in the Inspector.

const URL: String = "ws://127.0.0.1:8081"

## A part of the warning by url, empty where there is none. Both take turns, so that the
## answer to one url cannot be taken for that to the next.
const WARNINGS: Dictionary[String, String] = {
	"": "url",
	URL: "",
	"ws://example.com": "wss://",
	"ws://localhost:8081": "",
	"http://127.0.0.1:8081": "ws://",
	"wss://example.com/chat": "",
	"ws://127.0.0.1.example.com": "wss://",
}


func test_the_scene_dock_shows_the_icon() -> void:
	var extension := ConfigFile.new()
	check_equal(extension.load(EXTENSION), OK, "loading " + EXTENSION)
	var root: Node = await open_scene(node_classes(), {})
	await _docked(root)
	for node: Node in root.get_children():
		var type: String = node.get_class()
		var file: String = extension.get_value("icons", type, "")
		if check(not file.is_empty(), "%s has no icon in %s" % [type, EXTENSION]):
			var icon: Texture2D = dock_item(node).get_icon(0)
			var shown: String = icon.resource_path if icon != null else "nothing"
			check_equal(shown, EXTENSION.get_base_dir().path_join(file), "the icon of " + type)
	EditorInterface.close_scene()


func test_every_exported_property_is_in_the_inspector() -> void:
	var root: Node = await open_scene(node_classes(), {})
	for node: Node in root.get_children():
		var type: String = node.get_class()
		EditorInterface.edit_node(node)
		await frames(2)
		var shown: PackedStringArray = []
		for child: Node in EditorInterface.get_inspector().find_children(
			"*", "EditorProperty", true, false
		):
			var editor: EditorProperty = child
			shown.append(editor.get_edited_property())
		for property: Dictionary in exported_properties(type):
			var name: String = property["name"]
			check(name in shown, "the Inspector of %s does not show %s" % [type, name])
	EditorInterface.edit_node(null)
	EditorInterface.close_scene()


func test_numbers_have_ranges_and_groups_keep_their_properties() -> void:
	for type: String in extension_classes():
		for property: Dictionary in exported_properties(type):
			if property["type"] == TYPE_FLOAT:
				_check_range(type, property)
		_check_groups(type)


func test_the_url_is_not_empty_at_first() -> void:
	var value: Variant = ClassDB.class_get_property_default_value("NetworkClient", "url")
	var url: String = value if value is String else ""
	check(not url.is_empty(), "the url of a new node is %s" % value)


func test_the_scene_dock_warns_of_a_bad_url() -> void:
	var root: Node = await open_scene(["NetworkClient"], {"url": URL})
	await _docked(root)
	var client: Node = root.get_child(0)
	for url: String in WARNINGS:
		client.set("url", url)
		await _expect_warning(client, WARNINGS[url], 'url "%s"' % url)
	EditorInterface.close_scene()


func test_the_scene_dock_warns_of_two_nodes() -> void:
	var root: Node = await open_scene(["NetworkClient"], {"url": URL})
	var second: Node = ClassDB.instantiate("NetworkClient")
	second.set("url", URL)
	root.add_child(second)
	second.owner = root
	await _docked(root)
	await _expect_warning(second, "NetworkClient", "the second node")
	await _expect_warning(root.get_child(0), "NetworkClient", "the first of two nodes")
	second.free()
	await _docked(root)
	await _expect_warning(root.get_child(0), "", "the only node left")
	EditorInterface.close_scene()


## Waits until the Scene dock shows all nodes of the edited scene.
func _docked(root: Node) -> void:
	await wait_until(
		func() -> bool:
			return root.get_children().all(func(node: Node) -> bool: return dock_item(node) != null),
		"the Scene dock shows the scene"
	)


func _expect_warning(node: Node, part: String, what: String) -> void:
	await wait_until(
		func() -> bool:
			var warning: String = shown_warning(node)
			return warning.is_empty() if part.is_empty() else warning.contains(part),
		'%s: a warning with "%s"' % [what, part] if part else what + ": no warning"
	)


## Without one the Inspector steps in thousandths and takes any value.
func _check_range(type: String, property: Dictionary) -> void:
	var name: String = property["name"]
	var hint: String = property["hint_string"]
	var has_range: bool = property["hint"] == PROPERTY_HINT_RANGE
	if check(has_range, "%s: %s has no range" % [type, name]):
		var ends: PackedFloat64Array = hint.split_floats(",")
		var value: float = ClassDB.class_get_property_default_value(type, name)
		var fits: bool = value >= ends[0] and value <= ends[1]
		check(fits, "%s: %s is %s at first, beyond its range %s" % [type, name, value, hint])


## A property that lacks the prefix of its group is shown outside of it.
func _check_groups(type: String) -> void:
	var group: String = ""
	var prefix: String = ""
	var is_empty: bool = false
	for property: Dictionary in ClassDB.class_get_property_list(type, true):
		var name: String = property["name"]
		var usage: int = property["usage"]
		if usage & PROPERTY_USAGE_GROUP:
			check(not is_empty, "%s: the group %s is empty" % [type, group])
			group = name
			prefix = property["hint_string"]
			is_empty = true
		elif usage & PROPERTY_USAGE_EDITOR:
			check(
				name.begins_with(prefix), "%s: %s falls out of the group %s" % [type, name, group]
			)
			is_empty = false
	check(not is_empty, "%s: the group %s is empty" % [type, group])
