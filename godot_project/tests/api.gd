extends SceneTree
## Writes what the engine knows of classes of the addon, for [code]cargo xtask csharp[/code].
##
## [codeblock lang=text]
## godot --headless --path godot_project -s res://tests/api.gd --
##     --out=FILE               where it goes, as JSON
##     --classes=A,B            of which classes, of the library or with a class_name
## [/codeblock]

const Arguments := preload("res://tests/arguments.gd")
const EXIT_FAILED: int = 1


func _initialize() -> void:
	var told: Array[Dictionary] = []
	for type: String in Arguments.value_of("classes", "").split(",", false):
		told.append(_class(type) if ClassDB.class_exists(type) else _script_class(type))
	var file := FileAccess.open(Arguments.value_of("out", ""), FileAccess.WRITE)
	if file == null or told.is_empty():
		printerr("api: failed: nothing to write, or nowhere to write it")
		quit(EXIT_FAILED)
		return
	file.store_string(JSON.stringify(told, "\t", false))
	quit()


func _class(type: StringName) -> Dictionary:
	var accessors: PackedStringArray = []
	var properties: Array[Dictionary] = []
	for property: Dictionary in ClassDB.class_get_property_list(type, true):
		var name: StringName = str(property["name"])
		var usage: int = property["usage"]
		var getter: StringName = ClassDB.class_get_property_getter(type, name)
		var setter: StringName = ClassDB.class_get_property_setter(type, name)
		if usage & (PROPERTY_USAGE_GROUP | PROPERTY_USAGE_SUBGROUP | PROPERTY_USAGE_CATEGORY):
			continue
		accessors.append_array([getter, setter])
		properties.append({value = _named(property), is_settable = not setter.is_empty()})
	var methods: Array[Dictionary] = []
	for method: Dictionary in ClassDB.class_get_method_list(type, true):
		var name: String = method["name"]
		if not name.begins_with("_") and not name in accessors:
			methods.append(_method(method))
	var signals: Array[Dictionary] = []
	for event: Dictionary in ClassDB.class_get_signal_list(type, true):
		if not str(event["name"]).begins_with("_"):
			signals.append({name = event["name"], arguments = _all_named(event)})
	var constants: Array[Dictionary] = []
	for name: String in ClassDB.class_get_integer_constant_list(type, true):
		var value: int = ClassDB.class_get_integer_constant(type, name)
		constants.append({name = name, value = value})
	return {
		name = type,
		script = "",
		is_node = ClassDB.is_parent_class(type, &"Node"),
		can_be_made = ClassDB.can_instantiate(type),
		constants = constants,
		properties = properties,
		methods = methods,
		signals = signals,
	}


func _script_class(type: String) -> Dictionary:
	var path: String = ""
	for known: Dictionary in ProjectSettings.get_global_class_list():
		if known["class"] == type:
			path = known["path"]
	var script: Script = load(path)
	var properties: Array[Dictionary] = []
	for property: Dictionary in script.get_script_property_list():
		var usage: int = property["usage"]
		if usage & PROPERTY_USAGE_SCRIPT_VARIABLE and not str(property["name"]).begins_with("_"):
			properties.append({value = _named(property), is_settable = true})
	var methods: Array[Dictionary] = []
	for method: Dictionary in script.get_script_method_list():
		var name: String = method["name"]
		# Setters and getters have names of their own, such as "@url_setter".
		if not name.begins_with("_") and not name.begins_with("@"):
			methods.append(_method(method))
	var signals: Array[Dictionary] = []
	for event: Dictionary in script.get_script_signal_list():
		if not str(event["name"]).begins_with("_"):
			signals.append({name = event["name"], arguments = _all_named(event)})
	return {
		name = type,
		script = path,
		is_node = ClassDB.is_parent_class(script.get_instance_base_type(), &"Node"),
		can_be_made = true,
		constants = [],
		properties = properties,
		methods = methods,
		signals = signals,
	}


func _method(method: Dictionary) -> Dictionary:
	var flags: int = method["flags"]
	var result: Dictionary = method["return"]
	return {
		name = method["name"],
		is_static = flags & METHOD_FLAG_STATIC != 0,
		arguments = _all_named(method),
		defaults = method["default_args"],
		result = _named(result),
	}


func _all_named(method: Dictionary) -> Array[Dictionary]:
	var rows: Array = method["args"]
	var named: Array[Dictionary] = []
	for row: Dictionary in rows:
		named.append(_named(row))
	return named


func _named(row: Dictionary) -> Dictionary:
	var type: Variant.Type = row["type"]
	var hint: int = row["hint"]
	var usage: int = row["usage"]
	return {
		name = row["name"],
		kind = type_string(type),
		object_class = row["class_name"],
		items = row["hint_string"] if hint == PROPERTY_HINT_ARRAY_TYPE else "",
		is_anything = usage & PROPERTY_USAGE_NIL_IS_VARIANT != 0,
	}
