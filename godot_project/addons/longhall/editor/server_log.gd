@tool
extends RichTextLabel
## The last lines of the server's log, in the words that matter beside a scene.

## More lines are not kept.
const MAX_LINES: int = 200

# To take single lines out again is slow, so that waits until there are so many too much.
const _TOO_MUCH: int = 50
const _MIN_HEIGHT: float = 96.0
const _SECONDS_PER_MINUTE: int = 60
# When, how grave, which part of the server, what.
const _LINE: String = "^(\\S+)\\.\\d+Z +([A-Z]+) \\S+?: (.*)$"
const _COLORS: Dictionary[String, StringName] = {
	"ERROR": &"error_color",
	"WARN": &"warning_color",
}

var _lines: PackedStringArray = []
var _waiting: PackedStringArray = []
var _pattern := RegEx.create_from_string(_LINE)


func _init() -> void:
	name = "Log"
	size_flags_vertical = SIZE_EXPAND_FILL
	custom_minimum_size = Vector2(0.0, _MIN_HEIGHT)
	scroll_following = true
	selection_enabled = true
	context_menu_enabled = true
	focus_mode = FOCUS_CLICK


func _notification(what: int) -> void:
	if what == NOTIFICATION_THEME_CHANGED:
		var font: Font = get_theme_font(&"source", &"EditorFonts")
		# An override is a change of the theme, too.
		if get_theme_font(&"normal_font") != font:
			add_theme_font_override(&"normal_font", font)


func _process(_delta: float) -> void:
	if _waiting.is_empty():
		return
	_lines.append_array(_waiting)
	if _lines.size() > MAX_LINES + _TOO_MUCH:
		_lines = _lines.slice(-MAX_LINES)
		clear()
		_waiting = _lines
	for line: String in _waiting:
		_show(line)
	_waiting = []


## Shows one more line from the next frame on, with the time of this machine and without what
## is the same in each.
func add_line(line: String) -> void:
	_waiting.append(line)
	if _waiting.size() > MAX_LINES:
		_waiting = _waiting.slice(-MAX_LINES)


## Shows nothing any more.
func begin_anew() -> void:
	_lines = []
	_waiting = []
	clear()


func _show(line: String) -> void:
	var found: RegExMatch = _pattern.search(line)
	# Lines hold what players have typed: never BBCode.
	if found == null:
		add_text(line + "\n")
		return
	var color: StringName = _COLORS.get(found.get_string(2), &"font_color")
	push_color(get_theme_color(color, &"Editor"))
	add_text("%s %s\n" % [_local_time(found.get_string(1)), found.get_string(3)])
	pop()


static func _local_time(utc: String) -> String:
	var bias_minutes: int = Time.get_time_zone_from_system()["bias"]
	var seconds: int = Time.get_unix_time_from_datetime_string(utc)
	return Time.get_time_string_from_unix_time(seconds + bias_minutes * _SECONDS_PER_MINUTE)
