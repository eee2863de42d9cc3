@tool
extends RefCounted
## A file of tests that run inside the editor: every method whose name starts with
## [code]test_[/code] is one, and runs on an object of its own.
##
## A test fails by [method check]. Errors that the engine reports in the meantime are
## seen by whoever started the editor.

const EXTENSION: String = "res://addons/longhall/longhall.gdextension"

## The usual patience, in seconds.
const SOON: float = 5.0

## The root of the scenes that tests edit; no other tree of the editor begins with it.
const SCENE_NAME: String = "EditedScene"

## What the Scene dock writes above the warnings, of which there may be several.
const WARNING_TITLE: String = "Node configuration warning"

var tree: SceneTree

## What went wrong, one sentence each.
var failures: PackedStringArray = []


## Notes [param complaint] unless [param holds]. Returns [param holds].
func check(holds: bool, complaint: String) -> bool:
	if not holds:
		failures.append(complaint)
	return holds


## Like [method check], for two values that have to be the same.
func check_equal(actual: Variant, expected: Variant, what: String) -> bool:
	var same: bool = actual == expected
	return check(same, "%s is %s, not %s" % [what, actual, expected])


## Waits until [param condition] returns true. Complains about [param what] when it
## does not within [param seconds].
func wait_until(condition: Callable, what: String, seconds: float = SOON) -> bool:
	var deadline: int = Time.get_ticks_msec() + int(seconds * 1000.0)
	while not condition.call():
		if Time.get_ticks_msec() > deadline:
			return check(false, "waited in vain: " + what)
		await tree.process_frame
	return true


## Lets [param count] frames pass.
func frames(count: int) -> void:
	for i: int in count:
		await tree.process_frame


## Opens a new scene in the editor, with a node of each class in [param classes]
## that is called like its class. [param properties] are set on those that have them.
func open_scene(classes: PackedStringArray, properties: Dictionary[String, Variant]) -> Node:
	var root := Node.new()
	root.name = SCENE_NAME
	for type: String in classes:
		var node: Node = ClassDB.instantiate(type)
		node.name = type
		for property: String in properties:
			if property in node:
				node.set(property, properties[property])
		root.add_child(node)
		node.owner = root
	var scene := PackedScene.new()
	scene.pack(root)
	root.free()
	var path: String = "res://edited_%d.tscn" % Time.get_ticks_usec()
	ResourceSaver.save(scene, path)
	EditorInterface.open_scene_from_path(path)
	await wait_until(
		func() -> bool:
			var edited: Node = EditorInterface.get_edited_scene_root()
			return edited != null and edited.scene_file_path == path,
		"the editor opens the scene"
	)
	return EditorInterface.get_edited_scene_root()


## The line of the Scene dock for [param node], a child of the edited scene's root.
func dock_item(node: Node) -> TreeItem:
	for control: Node in tree.root.find_children("*", "Tree", true, false):
		var dock: Tree = control
		var root: TreeItem = dock.get_root()
		if root != null and root.get_text(0) == SCENE_NAME:
			return root.get_child(node.get_index())
	return null


## What the Scene dock warns of at [param node]; empty if of nothing.
func shown_warning(node: Node) -> String:
	var item: TreeItem = dock_item(node)
	for button: int in item.get_button_count(0) if item != null else 0:
		var tip: String = item.get_button_tooltip_text(0, button)
		if tip.begins_with(WARNING_TITLE):
			return tip.trim_prefix(WARNING_TITLE)
	return ""


## The classes that the addon's library registers.
static func extension_classes() -> PackedStringArray:
	var classes: PackedStringArray = []
	for type: String in ClassDB.get_class_list():
		if ClassDB.class_get_api_type(type) == ClassDB.API_EXTENSION:
			classes.append(type)
	return classes


## Those of [method extension_classes] that can be put into a scene.
static func node_classes() -> PackedStringArray:
	var classes: PackedStringArray = []
	for type: String in extension_classes():
		if ClassDB.is_parent_class(type, "Node") and ClassDB.can_instantiate(type):
			classes.append(type)
	return classes


## The properties that [param type] itself shows in the Inspector.
static func exported_properties(type: String) -> Array[Dictionary]:
	return ClassDB.class_get_property_list(type, true).filter(
		func(property: Dictionary) -> bool:
			var usage: int = property["usage"]
			return usage & PROPERTY_USAGE_EDITOR and not is_heading(property)
	)


## Whether [param property] only begins a group in a list of properties.
static func is_heading(property: Dictionary) -> bool:
	var usage: int = property["usage"]
	return usage & (PROPERTY_USAGE_GROUP | PROPERTY_USAGE_SUBGROUP | PROPERTY_USAGE_CATEGORY) != 0


## A value [param property] may have beside [param value]; null if it cannot be told.
static func other_value(property: Dictionary, value: Variant) -> Variant:
	match property["type"]:
		TYPE_BOOL:
			return not value
		TYPE_INT:
			return 0 if value == 1 else 1
		TYPE_FLOAT:
			return value + 1.0
		TYPE_STRING:
			return value + "x"
	return null
