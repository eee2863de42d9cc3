extends Logger
## Counts what the engine reports as an error, from scripts, the engine and the addon.
##
## Godot goes on after such errors and ends with exit code 0, so the runner asks
## here. Called from any thread.

var _mutex := Mutex.new()
var _errors: PackedStringArray = []


## The errors since the last call.
func take() -> PackedStringArray:
	_mutex.lock()
	var taken: PackedStringArray = _errors
	_errors = PackedStringArray()
	_mutex.unlock()
	return taken


func _log_error(
	_function: String,
	file: String,
	line: int,
	code: String,
	rationale: String,
	_editor_notify: bool,
	error_type: int,
	_script_backtraces: Array[ScriptBacktrace]
) -> void:
	if error_type == ERROR_TYPE_WARNING:
		return
	_mutex.lock()
	_errors.append("%s (%s:%d)" % [code if rationale.is_empty() else rationale, file, line])
	_mutex.unlock()
