extends "res://tests/test_case.gd"
## The samples on the pages are code: they name signals, methods and properties that
## there are, with as many arguments of the right kind, and the GDScript ones compile.

const PAGES: Array[String] = [
	"../README.md",
	"addons/longhall/README.md",
	"examples/tickets/README.md",
	"../docs/messages.md",
	"../docs/decisions.md"
]
## Where a sample does not say so, its names stand for these.
const FRAME: String = """@warning_ignore_start(%s)
extends Node
var client: NetworkClient
var network_client: NetworkClient
var game_client: Node
var label: Label
"""
## Samples leave these to the reader.
const LAXITIES: Array[String] = [
	"untyped_declaration",
	"unsafe_property_access",
	"unsafe_method_access",
	"unsafe_call_argument",
	"unsafe_cast",
	"inferred_declaration",
	"shadowed_variable",
	"shadowed_variable_base_class",
	"return_value_discarded",
	"unused_variable",
	"unused_parameter",
]
## What the types of C# are in Godot.
const TYPES_OF_CSHARP: Dictionary[String, int] = {
	"string": TYPE_STRING,
	"long": TYPE_INT,
	"int": TYPE_INT,
	"double": TYPE_FLOAT,
	"bool": TYPE_BOOL,
	"GodotObject": TYPE_OBJECT,
}
## Classes of ours that samples speak to.
const CLASSES: Array[StringName] = [&"NetworkClient", &"NetworkRequest", &"LonghallFakeServer"]


func test_there_are_samples_in_both_languages() -> void:
	check(_samples("gdscript").size() >= 5, "the GDScript samples are not found")
	check(_samples("csharp").size() >= 1, "the C# samples are not found")


func test_the_gdscript_samples_compile() -> void:
	for sample: String in _samples("gdscript"):
		var script := GDScript.new()
		script.source_code = _framed(sample)
		if not check(script.reload() == OK, "this does not compile:\n" + sample):
			print(script.source_code)


func test_the_samples_connect_handlers_that_fit_the_signals() -> void:
	var seen: int = 0
	var gdscript := RegEx.create_from_string(r"\.(\w+)\.connect\(\s*func\w*\(([^)]*)\)")
	for sample: String in _samples("gdscript"):
		for found: RegExMatch in gdscript.search_all(sample):
			var signal_name: StringName = found.get_string(1)
			if ClassDB.class_has_signal(&"NetworkClient", signal_name):
				seen += 1
				_check_handler(signal_name, _parts(found.get_string(2)), {})
	var csharp := RegEx.create_from_string(
		r'\.Connect\(\s*"(\w+)",\s*Callable\.From\(\s*\(([^)]*)\)\s*=>'
	)
	for sample: String in _samples("csharp"):
		check_equal(
			csharp.search_all(sample).size(),
			sample.count(".Connect("),
			"the connections that are understood"
		)
		for found: RegExMatch in csharp.search_all(sample):
			seen += 1
			_check_handler(found.get_string(1), _parts(found.get_string(2)), TYPES_OF_CSHARP)
	check(seen >= 5, "only %d connections are found" % seen)


func test_the_gdscript_samples_name_what_there_is() -> void:
	var use := RegEx.create_from_string(r"\$NetworkClient\.(\w+)")
	for sample: String in _samples("gdscript"):
		for found: RegExMatch in use.search_all(sample):
			var used: String = found.get_string(1)
			var is_method: bool = ClassDB.class_has_method(&"NetworkClient", used)
			check(is_method or _has_property(used), "the node has no %s" % used)


func test_the_csharp_samples_name_what_there_is() -> void:
	var calls := RegEx.create_from_string(r'\.Call\(\s*"(\w+)"\s*((?:,[^()]*)?)\)')
	var access := RegEx.create_from_string(r'\.(?:Get|Set)\(\s*"(\w+)"')
	for sample: String in _samples("csharp") + _inline_csharp():
		check_equal(
			calls.search_all(sample).size(), sample.count(".Call("), "the calls that are understood"
		)
		for found: RegExMatch in calls.search_all(sample):
			_check_call(found.get_string(1), _parts(found.get_string(2).trim_prefix(",")))
		for found: RegExMatch in access.search_all(sample):
			var property: String = found.get_string(1)
			check(_has_property(property), "nothing has a property %s" % property)


func test_the_typed_csharp_samples_name_what_there_is() -> void:
	var use := RegEx.create_from_string(r"\b_client\.(\w+)( \+=|\()")
	var written: String = _text_of("addons/longhall/csharp/NetworkClient.cs")
	var seen: int = 0
	for sample: String in _samples("csharp"):
		for found: RegExMatch in use.search_all(sample):
			seen += 1
			var ending: String = "\n" if found.get_string(2) == " +=" else "("
			var member: String = " %s%s" % [found.get_string(1), ending]
			check(written.contains(member), "the class has no " + member.strip_edges())
	check(seen >= 4, "only %d uses are found" % seen)


func test_constants_on_the_pages_have_these_values() -> void:
	var constant := RegEx.create_from_string(r"`(STATE_\w+)` \((\d+)\)")
	var seen: int = 0
	for page: String in PAGES:
		for found: RegExMatch in constant.search_all(_text_of(page)):
			seen += 1
			var value: int = ClassDB.class_get_integer_constant(
				&"NetworkClient", found.get_string(1)
			)
			check_equal(value, found.get_string(2).to_int(), found.get_string(1))
	check(seen > 0, "no constant is found")


func _check_handler(
	signal_name: StringName, parameters: PackedStringArray, types: Dictionary[String, int]
) -> void:
	if not check(ClassDB.class_has_signal(&"NetworkClient", signal_name), "no " + signal_name):
		return
	var expected_ones: Array = ClassDB.class_get_signal(&"NetworkClient", signal_name)["args"]
	if not check_equal(parameters.size(), expected_ones.size(), "the arguments of " + signal_name):
		return
	for i: int in expected_ones.size():
		var expected: int = expected_ones[i]["type"]
		var type: String = parameters[i].get_slice(" ", 0)
		if not types.is_empty():
			check_equal(types.get(type, -1), expected, "%s of %s" % [parameters[i], signal_name])


func _check_call(method: StringName, given: PackedStringArray) -> void:
	for class_id: StringName in CLASSES:
		for known: Dictionary in ClassDB.class_get_method_list(class_id, true):
			if known["name"] != method:
				continue
			var parameters: Array = known["args"]
			var defaults: Array = known["default_args"]
			var least: int = parameters.size() - defaults.size()
			var count: int = given.size()
			check(
				count >= least and count <= parameters.size(),
				"%s is called with %d arguments" % [method, count]
			)
			for i: int in mini(count, parameters.size()):
				var is_text: bool = given[i].begins_with('"')
				var takes_text: bool = parameters[i]["type"] == TYPE_STRING
				check_equal(is_text, takes_text, "%s of %s is a text" % [given[i], method])
			return
	check(false, "nothing has a method %s" % method)


func _has_property(property: String) -> bool:
	for class_id: StringName in CLASSES:
		for known: Dictionary in ClassDB.class_get_property_list(class_id):
			if known["name"] == property:
				return true
		# In C#, a signal is a property as well.
		if ClassDB.class_has_signal(class_id, property):
			return true
	return false


# Commas inside a text do not occur in the samples.
func _parts(list: String) -> PackedStringArray:
	var parts: PackedStringArray = []
	for part: String in list.split(",", false):
		parts.append(part.strip_edges())
	return parts


# A sample is a whole script, the functions of one, or some lines of a function.
func _framed(sample: String) -> String:
	var names: PackedStringArray = []
	for laxity: String in LAXITIES:
		names.append('"%s"' % laxity)
	var frame: String = FRAME % ", ".join(names)
	if sample.contains("extends "):
		return frame.get_slice("\n", 0) + "\n" + sample
	for declared: String in ["client", "label"]:
		if sample.contains("var %s:" % declared):
			frame = RegEx.create_from_string("var %s: .*\n" % declared).sub(frame, "")
	if RegEx.create_from_string("(?m)^func ").search(sample) != null:
		return frame + sample
	return frame + "func sample() -> void:\n" + sample.indent("\t")


func _inline_csharp() -> Array[String]:
	var found: Array[String] = []
	var inline := RegEx.create_from_string("`(client\\.(?:Get|Set|Call)\\([^`]*\\))`")
	for page: String in PAGES:
		for code: RegExMatch in inline.search_all(_text_of(page)):
			found.append(code.get_string(1))
	return found


func _samples(language: String) -> Array[String]:
	var found: Array[String] = []
	var block := RegEx.create_from_string("(?ms)^( *)```%s\n(.*?)^ *```" % language)
	for page: String in PAGES:
		for code: RegExMatch in block.search_all(_text_of(page)):
			found.append(code.get_string(2).dedent())
	return found


func _text_of(page: String) -> String:
	var path: String = ProjectSettings.globalize_path("res://").path_join(page)
	var text: String = FileAccess.get_file_as_string(path)
	check(not text.is_empty(), "there is no " + path)
	return text
