@tool
extends Node
## The game, run twice side by side, so that one can talk to oneself.
##
## Each window remembers a login of its own.

## Windows were opened, or the last one is closed.
signal changed

## Behind [code]--[/code], it tells debug builds of the game which server to use.
const URL_ARGUMENT: String = "--longhall-url="

## Behind [code]--[/code], it has debug builds of the game end when the process of that id does,
## on Linux and macOS.
const STARTER_ARGUMENT: String = "--longhall-starter="

const _SLOT_ARGUMENT: String = "--remember-slot="
const _COUNT: int = 2
const _HEADLESS: String = "headless"

## What runs the game, where that is not the editor's own program.
var engine: String = OS.get_executable_path()

var _pids: Array[int] = []


func _ready() -> void:
	set_process(false)


func _process(_delta: float) -> void:
	_pids = _pids.filter(func(pid: int) -> bool: return OS.is_process_running(pid))
	if _pids.is_empty():
		set_process(false)
		changed.emit()


## Whether any window is open.
func is_open() -> bool:
	return not _pids.is_empty()


## The ids of the games in the system.
func process_ids() -> Array[int]:
	return _pids.duplicate()


## Runs [param scene] in two windows that connect to [param url]. Returns why not; empty if
## they come.
func open(scene: String, url: String) -> String:
	close()
	for slot: int in range(1, _COUNT + 1):
		var pid: int = OS.create_process(engine, _arguments(scene, url, slot))
		if pid <= 0:
			close()
			return "%s cannot be started." % engine
		_pids.append(pid)
	set_process(true)
	changed.emit()
	return ""


## Closes the windows, as the editor's own button does: without a question.
func close() -> void:
	if not is_open():
		return
	for pid: int in _pids:
		if OS.is_process_running(pid):
			OS.kill(pid)
	_pids.clear()
	set_process(false)
	changed.emit()


## The arguments of a game with one more behind [code]--[/code].
static func with_user_argument(arguments: PackedStringArray, argument: String) -> PackedStringArray:
	var longer: PackedStringArray = arguments.duplicate()
	if not longer.has("--") and not longer.has("++"):
		longer.append("--")
	longer.append(argument)
	return longer


static func _arguments(scene: String, url: String, slot: int) -> PackedStringArray:
	var arguments: PackedStringArray = ["--path", ProjectSettings.globalize_path("res://")]
	if DisplayServer.get_name() == _HEADLESS:
		arguments.append("--" + _HEADLESS)
	else:
		arguments.append_array(_place(slot))
	arguments.append(scene)
	arguments = with_user_argument(arguments, _SLOT_ARGUMENT + str(slot))
	arguments = with_user_argument(arguments, STARTER_ARGUMENT + str(OS.get_process_id()))
	return with_user_argument(arguments, URL_ARGUMENT + url)


# A half of the editor's screen each.
static func _place(slot: int) -> PackedStringArray:
	var screen: Rect2i = DisplayServer.screen_get_usable_rect(
		EditorInterface.get_base_control().get_window().current_screen
	)
	var half := Vector2i(floori(screen.size.x / float(_COUNT)), screen.size.y)
	var size: Vector2i = _window_size().min(half)
	var corner: Vector2i = screen.position + Vector2i(half.x * (slot - 1), 0)
	corner += Vector2i(Vector2(half - size) / 2.0)
	return [
		"--windowed",
		"--resolution",
		"%dx%d" % [size.x, size.y],
		"--position",
		"%d,%d" % [corner.x, corner.y]
	]


static func _window_size() -> Vector2i:
	var size := Vector2i.ZERO
	for side: String in ["width", "height"]:
		var of_window: int = ProjectSettings.get_setting(
			"display/window/size/window_%s_override" % side, 0
		)
		var of_game: int = ProjectSettings.get_setting("display/window/size/viewport_" + side)
		var length: int = of_window if of_window > 0 else of_game
		size[0 if side == "width" else 1] = length
	return size
