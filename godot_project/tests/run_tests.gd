extends SceneTree
## Runs the tests of this folder, and ends with exit code 0 if all of them passed.
##
## [codeblock lang=text]
## godot --headless --path godot_project --fixed-fps 60 -s res://tests/run_tests.gd --
##     --server=ws://127.0.0.1:PORT    tests against a real server are skipped without it
##     --control=127.0.0.1:PORT        so are those that stop and start the server
##     --folder=res://tests/window     those that need a window; without it, those beside this
##     --filter=TEXT                   only files and tests whose name contains TEXT
##     --limit=SECONDS                 of a test; 60 without
## [/codeblock]
## The server must allow more registrations and logins than a player needs.

const Arguments := preload("res://tests/arguments.gd")
const ErrorCounter := preload("res://tests/error_counter.gd")
const Pace := preload("res://tests/pace.gd")
const PlayerInput := preload("res://tests/player_input.gd")
const ServerControl := preload("res://tests/server_control.gd")
const TestCase := preload("res://tests/test_case.gd")

const FOLDER: String = "res://tests"
const WINDOW_SIZE := Vector2i(1152, 648)
## No test takes longer, in seconds; one that does waits for something that never comes.
const TEST_LIMIT: String = "60"
const EXIT_FAILED: int = 1
const EXIT_STUCK: int = 2

var _errors := ErrorCounter.new()
var _arguments := Arguments.new()
var _pace := Pace.new()
var _limit_ms: int = Arguments.value_of("limit", TEST_LIMIT).to_int() * 1000
var _running: String = "start"
var _test_started_ms: int = 0
var _passed: int = 0
var _failed: int = 0
var _skipped: int = 0


func _initialize() -> void:
	OS.add_logger(_errors)
	# The tests say themselves where the server is.
	OS.unset_environment("LONGHALL_URL")
	_test_started_ms = Time.get_ticks_msec()
	await process_frame
	root.size = WINDOW_SIZE
	for file: String in _test_files():
		await _run_file(file)
	var stray: PackedStringArray = _errors.take()
	if not stray.is_empty():
		_report("errors between the tests", stray)
	if _skipped > 0:
		print("godot tests: %d skipped" % _skipped)
	print("godot tests: %d passed, %d failed" % [_passed, _failed])
	quit(0 if _passed > 0 and _failed == 0 else EXIT_FAILED)


func _process(_delta: float) -> bool:
	_pace.keep()
	if Time.get_ticks_msec() - _test_started_ms > _limit_ms:
		printerr("%s: stuck" % _running)
		for error: String in _errors.take():
			printerr("    ", error)
		quit(EXIT_STUCK)
	return false


func _folder() -> String:
	return Arguments.value_of("folder", FOLDER)


func _test_files() -> PackedStringArray:
	var files: PackedStringArray = []
	for file: String in DirAccess.get_files_at(_folder()):
		if file.begins_with("test_") and file.ends_with(".gd") and file != "test_case.gd":
			files.append(file)
	files.sort()
	return files


func _run_file(file: String) -> void:
	var script: GDScript = load(_folder().path_join(file))
	var errors: PackedStringArray = _errors.take()
	if script == null or not script.can_instantiate() or not errors.is_empty():
		_report(file, ["the script does not load"] + Array(errors))
		return
	var wanted: String = Arguments.value_of("filter", "")
	for method: Dictionary in script.get_script_method_list():
		var method_name: String = method["name"]
		var full_name: String = "%s: %s" % [file.get_basename(), method_name]
		if not method_name.begins_with("test_"):
			continue
		if wanted.is_empty() or full_name.contains(wanted):
			await _run_test(script, method_name, full_name)


func _run_test(script: GDScript, method_name: String, full_name: String) -> void:
	var test: TestCase = script.new()
	test.tree = self
	test.arguments = _arguments
	test.input = PlayerInput.new(root)
	test.server_control = ServerControl.new(_arguments.control)
	var why: String = test.why_skipped()
	if not why.is_empty():
		_skipped += 1
		print("skip  %s (%s)" % [full_name, why])
		return
	_running = full_name
	_test_started_ms = Time.get_ticks_msec()
	root.size = WINDOW_SIZE
	paused = false
	_errors.take()
	await test.set_up()
	await Callable(test, method_name).call()
	await test.tear_down()
	await test.free_nodes()
	_report(full_name, test.failures + _errors.take())


func _report(full_name: String, failures: PackedStringArray) -> void:
	if failures.is_empty():
		_passed += 1
		var seconds: float = (Time.get_ticks_msec() - _test_started_ms) / 1000.0
		print("ok    %s (%.2f s)" % [full_name, seconds])
		return
	_failed += 1
	print("FAIL  %s" % full_name)
	for failure: String in failures:
		print("      ", failure)
