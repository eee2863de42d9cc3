extends Logger
## What the addon warns of, for a test to look at. Called from any thread.

var _mutex := Mutex.new()
var _texts: PackedStringArray = []


## The warnings so far.
func texts() -> PackedStringArray:
	_mutex.lock()
	var copy: PackedStringArray = _texts.duplicate()
	_mutex.unlock()
	return copy


func _log_error(
	_function: String,
	_file: String,
	_line: int,
	code: String,
	rationale: String,
	_editor_notify: bool,
	error_type: int,
	_script_backtraces: Array[ScriptBacktrace]
) -> void:
	if error_type != ERROR_TYPE_WARNING:
		return
	_mutex.lock()
	_texts.append(code if rationale.is_empty() else rationale)
	_mutex.unlock()
