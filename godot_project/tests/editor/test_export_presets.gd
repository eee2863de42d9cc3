@tool
extends "res://tests/editor/editor_case.gd"
## The Scene dock warns of export presets with which games cannot connect.

const FILE: String = "res://export_presets.cfg"

## As the export window writes them, with a script that reads like a setting.
const ANDROID: String = """[preset.%d]

name="%s"
platform="Android"
runnable=true
script="
[preset.7.options]
permissions/internet=true
"

[preset.%d.options]

gradle_build/use_gradle_build=false
%s
"""
const WEB: String = """[preset.%d]

name="%s"
platform="Web"

[preset.%d.options]

%s
"""

## The warning of a preset that lacks something has its name.
const NONE: String = ""


func test_the_scene_dock_warns_of_an_android_game_that_cannot_connect() -> void:
	var client: Node = await _open()
	await _check(client, _android("Phone", "permissions/internet=false"), '"Phone"')
	await _check(client, _android("Phone", "permissions/internet=true"), NONE)
	# As before the box was ever touched.
	await _check(client, _android("Phone", ""), '"Phone" cannot connect')
	var custom: String = 'PackedStringArray("android.permission.INTERNET")'
	await _check(client, _android("Phone", "permissions/custom_permissions=" + custom), NONE)
	_close()


func test_the_scene_dock_warns_of_a_web_game_without_the_node() -> void:
	var client: Node = await _open()
	await _check(client, _web("Browser", "variant/extensions_support=false"), '"Browser"')
	await _check(client, _web("Browser", "variant/extensions_support=true"), NONE)
	_close()


func test_the_scene_dock_warns_of_each_preset_by_its_name() -> void:
	var client: Node = await _open()
	var computer: String = '[preset.3]\nname="PC"\nplatform="Linux"\n[preset.3.options]\n'
	var good: String = (
		_android("Phone", "permissions/internet=true", 0)
		+ _web("Browser", "variant/extensions_support=true", 1)
		+ computer
	)
	var bad: String = _android("Tablet", "permissions/internet=false", 2)
	await _check(client, good + bad, '"Tablet"')
	await _check(client, good, NONE)
	_close()


func test_whatever_the_file_of_presets_holds_the_editor_goes_on() -> void:
	var client: Node = await _open()
	# With and without a warning in turns, so that no answer is taken for the next one.
	await _check(client, _android("Phone", ""), '"Phone"')
	await _check(client, "[\n]\n=\n[preset.]\n=\nplatform=\n[preset", NONE)
	var number: String = "[preset.99999999999999999999"
	await _check(
		client, '%s]\nplatform="Android"\nname="Big"\n%s.options]\n' % [number, number], '"Big"'
	)
	await _check(client, 'platform="Android"\n[preset.0\n[preset.1]\nplatform="\\', NONE)
	var bytes: PackedByteArray = _android("Phone", "permissions/internet=\r").to_utf8_buffer()
	bytes.append_array([0x0a, 0x00, 0xff, 0xfe, 0x0a])
	FileAccess.open(FILE, FileAccess.WRITE).store_buffer(bytes)
	await _expect(client, '"Phone"', "bytes that are no text")
	# Larger than any file of presets: not read.
	await _check(client, _android("Phone", "") + "#".repeat(2_000_000), NONE)
	_close()


func _open() -> Node:
	var root: Node = await open_scene(["NetworkClient"], {})
	var client: Node = root.get_child(0)
	await wait_until(func() -> bool: return dock_item(client) != null, "the node is in the dock")
	return client


func _close() -> void:
	DirAccess.remove_absolute(FILE)
	EditorInterface.close_scene()


func _android(preset: String, option: String, number: int = 0) -> String:
	return ANDROID % [number, preset, number, option]


func _web(preset: String, option: String, number: int = 0) -> String:
	return WEB % [number, preset, number, option]


func _check(client: Node, presets: String, part: String) -> void:
	FileAccess.open(FILE, FileAccess.WRITE).store_string(presets)
	await _expect(client, part, presets.left(500))


func _expect(client: Node, part: String, what: String) -> void:
	# As when the designer closes the export window.
	client.notification(Node.NOTIFICATION_WM_WINDOW_FOCUS_IN)
	await wait_until(
		func() -> bool:
			var warning: String = shown_warning(client)
			return warning.is_empty() if part.is_empty() else warning.contains(part),
		"a warning with `%s` for: %s" % [part, what]
	)
