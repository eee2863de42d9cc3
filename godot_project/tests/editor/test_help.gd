@tool
extends "res://tests/editor/editor_case.gd"
## What a designer reads who presses F1: all that the addon offers is described.

const ADDON: String = "res://addons/longhall/"

## What the editor writes in place of a missing description.
const GAP: String = "There is currently no description for"

const ENTRY: String = "● "
const HEADINGS: PackedStringArray = [
	"Description",
	"Properties",
	"Methods",
	"Signals",
	"Enumerations",
	"Constants",
	"Property Descriptions",
	"Method Descriptions",
]

## A script with nothing described and nothing typed, to see that this is noticed.
const CANARY: String = "res://canary.gd"
const CANARY_SOURCE: String = """@warning_ignore_start("untyped_declaration")
extends Node

signal rang(what)

const NUMBER = 1

var title = ""


func ring(volume):
	rang.emit(volume)
	return title
"""


func test_the_check_itself_notices_gaps() -> void:
	FileAccess.open(CANARY, FileAccess.WRITE).store_string(CANARY_SOURCE)
	await _check_script('"canary.gd"', CANARY)
	var noticed: PackedStringArray = failures.duplicate()
	failures.clear()
	for part: String in [
		"the class has no description",
		"signal rang has no description",
		"constant NUMBER has no description",
		"property title has no description",
		"method ring has no description",
		"signal rang: what has no type",
		"method ring: volume has no type",
		"method ring: what it returns has no type",
	]:
		var sentence: String = '"canary.gd": ' + part
		check(sentence in noticed, "not noticed: %s; only %s" % [sentence, noticed])


func test_every_class_of_the_library_is_described_and_typed() -> void:
	var classes: PackedStringArray = extension_classes()
	check("NetworkClient" in classes, "the library has no NetworkClient, only %s" % classes)
	for type: String in classes:
		var accessors: PackedStringArray = []
		for property: Dictionary in ClassDB.class_get_property_list(type, true):
			var name: String = property["name"]
			accessors.append(ClassDB.class_get_property_setter(type, name))
			accessors.append(ClassDB.class_get_property_getter(type, name))
		# The help hides them behind their properties.
		var methods: Array[Dictionary] = ClassDB.class_get_method_list(type, true).filter(
			func(method: Dictionary) -> bool: return method["name"] not in accessors
		)
		await _check_class(
			type,
			methods,
			ClassDB.class_get_signal_list(type, true),
			ClassDB.class_get_property_list(type, true),
			ClassDB.class_get_integer_constant_list(type, true)
		)


func test_every_script_class_of_the_addon_is_described_and_typed() -> void:
	for script_class: Dictionary in ProjectSettings.get_global_class_list():
		var path: String = script_class["path"]
		if path.begins_with(ADDON):
			var type: String = script_class["class"]
			await _check_script(type, path)


func _check_script(type: String, path: String) -> void:
	var script: Script = load(path)
	EditorInterface.get_script_editor().update_docs_from_script(script)
	var constants: PackedStringArray = []
	var values: Dictionary = script.get_script_constant_map()
	for name: String in values:
		# Enumerations and inner scripts have pages and entries of another kind.
		if values[name] is not Dictionary and values[name] is not Script:
			constants.append(name)
	var methods: Array[Dictionary] = script.get_script_method_list()
	var signals: Array[Dictionary] = script.get_script_signal_list()
	var variables: Array[Dictionary] = script.get_script_property_list().filter(
		func(property: Dictionary) -> bool: return not is_heading(property)
	)
	var base: Script = script.get_base_script()
	if base != null:
		# Inherited members stand on the page they are inherited from.
		methods = _without(methods, base.get_script_method_list())
		signals = _without(signals, base.get_script_signal_list())
		variables = _without(variables, base.get_script_property_list())
	await _check_class(type, methods, signals, variables, constants)


func _without(members: Array[Dictionary], inherited: Array[Dictionary]) -> Array[Dictionary]:
	var names: Array = inherited.map(func(member: Dictionary) -> Variant: return member["name"])
	return members.filter(func(member: Dictionary) -> bool: return member["name"] not in names)


func _check_class(
	type: String,
	methods: Array[Dictionary],
	signals: Array[Dictionary],
	properties: Array[Dictionary],
	constants: PackedStringArray
) -> void:
	var page: Dictionary[String, Dictionary] = _sections(await _help_page(type))
	_check_described(type, "the class", page, [""], "^$")
	for method: Dictionary in methods:
		var name: String = method["name"]
		if _is_public(name):
			var what: String = "method " + name
			_check_described(type, what, page, ["Method Descriptions"], "^[^(]+ %s\\(" % name)
			_check_typed(type, what, method)
	for event: Dictionary in signals:
		var name: String = event["name"]
		if _is_public(name):
			var what: String = "signal " + name
			_check_described(type, what, page, ["Signals"], "^%s\\(" % name)
			_check_typed(type, what, event)
	for property: Dictionary in properties:
		var name: String = property["name"]
		if _is_public(name) and not is_heading(property):
			_check_described(
				type,
				"property " + name,
				page,
				["Property Descriptions"],
				_property_pattern(type, property)
			)
	for name: String in constants:
		if _is_public(name):
			_check_described(
				type, "constant " + name, page, ["Constants", "Enumerations"], "^%s = " % name
			)


func _check_described(
	type: String,
	what: String,
	page: Dictionary[String, Dictionary],
	headings: PackedStringArray,
	header: String
) -> void:
	var pattern := RegEx.create_from_string(header)
	for heading: String in headings:
		var entries: Dictionary = page.get(heading, {})
		for entry: String in entries:
			if pattern.search(entry) != null:
				var text: String = entries[entry]
				var described: bool = not text.is_empty() and not text.contains(GAP)
				check(described, "%s: %s has no description" % [type, what])
				return
	check(false, "%s: %s is not in the help" % [type, what])


## A value of any type is a Variant to the Node dock and to scripts.
func _check_typed(type: String, what: String, method: Dictionary) -> void:
	for argument: Dictionary in method["args"]:
		var is_typed: bool = argument["type"] != TYPE_NIL
		check(is_typed, "%s: %s: %s has no type" % [type, what, argument["name"]])
	var returned: Dictionary = method["return"]
	var usage: int = returned["usage"]
	# Nothing at all is returned as the same type, but without this flag.
	var is_variant: bool = returned["type"] == TYPE_NIL and usage & PROPERTY_USAGE_NIL_IS_VARIANT
	check(not is_variant, "%s: %s: what it returns has no type" % [type, what])


## The text of the help page of [param type], as F1 shows it.
func _help_page(type: String) -> String:
	var editor: ScriptEditor = EditorInterface.get_script_editor()
	editor.goto_help("class_name:" + type)
	var text: PackedStringArray = [""]
	await wait_until(
		func() -> bool:
			text[0] = _shown_text(editor, type.validate_node_name())
			return not text[0].is_empty(),
		"the help page of " + type
	)
	return text[0]


## By section and entry, what the page says; both are empty for the class itself.
static func _sections(page: String) -> Dictionary[String, Dictionary]:
	var sections: Dictionary[String, Dictionary] = {"": {}}
	var heading: String = ""
	var entry: String = ""
	for full_line: String in page.split("\n", false):
		var line: String = full_line.strip_edges()
		if line in HEADINGS:
			heading = line
			entry = ""
			sections[heading] = {}
		elif line.begins_with(ENTRY):
			entry = line.trim_prefix(ENTRY)
			sections[heading][entry] = ""
		elif heading != "" or not (line.begins_with("Class:") or line.begins_with("Inherit")):
			var so_far: String = sections[heading].get(entry, "")
			sections[heading][entry] = so_far + line
	return sections


## Accessors that are written with their property have a name with an [code]@[/code].
static func _is_public(name: String) -> bool:
	return not name.begins_with("_") and not name.begins_with("@")


static func _shown_text(editor: ScriptEditor, page: String) -> String:
	for help: Node in editor.find_children("*", "EditorHelp", true, false):
		if help.name == page:
			for child: Node in help.find_children("*", "RichTextLabel", true, false):
				var label: RichTextLabel = child
				# Some spaces are such that no line breaks there.
				return label.get_parsed_text().replace("\u00a0", " ")
	return ""


## What an entry about [param property] begins with: its type, its name and its accessors
## follow each other without a space.
static func _property_pattern(type: String, property: Dictionary) -> String:
	var name: String = property["name"]
	var value_type: Variant.Type = property["type"]
	var is_plain: bool = property["class_name"] == &"" and value_type != TYPE_NIL
	var prefix: String = type_string(value_type) + "(\\[.*\\])?" if is_plain else "\\S*?"
	var setter: StringName = ClassDB.class_get_property_setter(type, name)
	var getter: StringName = ClassDB.class_get_property_getter(type, name)
	return "^%s%s( \\[|%s\\(|%s\\(|$)" % [prefix, name, setter, getter]
