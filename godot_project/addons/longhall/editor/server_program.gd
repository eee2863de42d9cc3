@tool
extends RefCounted
## Finds the server's program: the one that was chosen, the one in the addon, or one in PATH.

const _SETTING: String = "longhall/server_program"
const _FOLDER: String = "res://addons/longhall/bin/server"
const _NAME: String = "longhall-server"


## Where the program is; empty if it is in none of the [method places].
static func find() -> String:
	if not chosen().is_empty():
		# What somebody has chosen is not replaced by something else.
		return chosen() if FileAccess.file_exists(chosen()) else ""
	for place: String in places():
		if FileAccess.file_exists(place):
			_make_runnable(place)
			return place
	return ""


## Where [method find] looks, the first place first.
static func places() -> PackedStringArray:
	if not chosen().is_empty():
		return [chosen()]
	var found: PackedStringArray = [packaged()]
	var separator: String = ";" if OS.get_name() == "Windows" else ":"
	for folder: String in OS.get_environment("PATH").split(separator, false):
		found.append(folder.path_join(_NAME + _ending()))
	return found


## What to tell when there is no program.
static func not_found() -> String:
	if not chosen().is_empty():
		return "There is no server program at %s. Choose another, or none." % chosen()
	return (
		(
			"No server program was found: neither %s nor %s in PATH. Take one from a release of "
			% [packaged(), _NAME + _ending()]
		)
		+ "Longhall and choose it below."
	)


## The place that was chosen by hand, for all projects of this user; empty if there is none.
static func chosen() -> String:
	var settings: EditorSettings = EditorInterface.get_editor_settings()
	if not settings.has_setting(_SETTING):
		return ""
	var path: String = settings.get_setting(_SETTING)
	return path


## Chooses a place; an empty one lets [method find] look for it.
static func choose(path: String) -> void:
	var settings: EditorSettings = EditorInterface.get_editor_settings()
	if path.is_empty():
		settings.erase(_SETTING)
	else:
		settings.set_setting(_SETTING, path)


## Where the addon's package has the program for this machine, if it has one.
static func packaged() -> String:
	var file: String = (
		"%s.%s.%s%s" % [_NAME, OS.get_name().to_lower(), Engine.get_architecture_name(), _ending()]
	)
	return ProjectSettings.globalize_path(_FOLDER.path_join(file))


static func _ending() -> String:
	return ".exe" if OS.get_name() == "Windows" else ""


# Whoever unpacks a zip file may have lost the permission.
static func _make_runnable(path: String) -> void:
	if path != packaged() or OS.get_name() == "Windows":
		return
	var permissions: int = FileAccess.get_unix_permissions(path)
	if permissions & FileAccess.UNIX_EXECUTE_OWNER == 0:
		FileAccess.set_unix_permissions(path, permissions | FileAccess.UNIX_EXECUTE_OWNER)
