@tool
extends EditorPlugin
## Runs the tests of this folder inside the editor, and ends the editor with exit code 0
## if all of them passed.
##
## [code]cargo xtask test --only editor[/code] makes a project of the addon and this
## folder, and enables this plugin there. With the variable [code]LONGHALL_TEST_ENDING[/code]
## it only starts the dock's server and says where, for whoever looks what becomes of it: the
## editor ends then, or plays two games and waits to be killed. With
## [code]LONGHALL_TEST_PICTURE[/code] it saves a picture of the editor there.

const EditorCase := preload("res://tests/editor/editor_case.gd")
const DockCase := preload("res://tests/editor/dock_case.gd")
const DockPicture := preload("res://tests/editor/dock_picture.gd")
const TestReload := preload("res://tests/editor/test_reload.gd")

const FOLDER: String = "res://tests/editor"
## No test takes longer; one that does waits for something that never comes.
const TEST_LIMIT_MS: int = 20_000
## As long as an editor that draws without a graphics card takes.
const PICTURE_LIMIT_MS: int = 120_000
const EXIT_FAILED: int = 1
const EXIT_STUCK: int = 2
const ENDING: String = "LONGHALL_TEST_ENDING"
const QUIT: String = "quit"
const PICTURE: String = "LONGHALL_TEST_PICTURE"

var _running: String = "start"
var _limit_ms: int = TEST_LIMIT_MS
var _test_started_ms: int = 0
var _passed: int = 0
var _failed: int = 0
var _swap: TestReload


func _enter_tree() -> void:
	_test_started_ms = Time.get_ticks_msec()
	_run.call_deferred()


func _process(_delta: float) -> void:
	if Time.get_ticks_msec() - _test_started_ms > _limit_ms:
		printerr("%s: stuck" % _running)
		get_tree().quit(EXIT_STUCK)


func _run() -> void:
	await get_tree().process_frame
	while EditorInterface.get_resource_filesystem().is_scanning():
		await get_tree().process_frame
	if not ClassDB.class_exists("NetworkClient"):
		print("FAIL  the editor has not loaded the library")
		get_tree().quit(EXIT_FAILED)
		return
	if OS.has_environment(PICTURE):
		await _take_picture(OS.get_environment(PICTURE))
		return
	if OS.has_environment(ENDING):
		await _leave_a_server()
		return
	for file: String in _test_files():
		await _run_file(file)
	# This one makes the editor load all scripts anew, which ends every function that
	# waits for something: it comes last, and goes on by signals alone.
	_swap = TestReload.new()
	_begin(_swap, "test_reload: a replaced library is loaded when the editor gets the focus")
	_swap.replace_library(_finish)


func _take_picture(file: String) -> void:
	var picture := DockPicture.new()
	_limit_ms = PICTURE_LIMIT_MS
	_begin(picture, "a picture of the dock")
	await picture.take(file)
	for failure: String in picture.failures:
		print("FAIL  ", failure)
	get_tree().quit(0 if picture.failures.is_empty() else EXIT_FAILED)


# Until then the editor goes on as any other.
func _leave_a_server() -> void:
	var dock := DockCase.new()
	_begin(dock, "a server that is left running")
	await dock.start()
	for failure: String in dock.failures:
		print("FAIL  ", failure)
	var is_quitting: bool = OS.get_environment(ENDING) == QUIT
	if not is_quitting:
		# As a game would that outlives the editor, it holds the pipes of the server open.
		OS.create_process("sleep", ["20"])
		await _play(dock)
	print("server: %s" % dock.local_server().url)
	if is_quitting:
		get_tree().quit(0)


# Two games that are there when the editor is killed.
func _play(dock: DockCase) -> void:
	dock.windows().engine = OS.get_environment(DockCase.ENGINE)
	dock.windows().open(dock.save_game(), dock.local_server().url)
	for slot: int in [1, 2]:
		var place: String = "res://.godot/played_%d.txt" % slot
		await dock.wait_until(func() -> bool: return FileAccess.file_exists(place), place, 15.0)
	for pid: int in dock.windows().process_ids():
		print("game: %d" % pid)


func _finish() -> void:
	_report(_swap)
	print("editor tests: %d passed, %d failed" % [_passed, _failed])
	get_tree().quit(0 if _failed == 0 else EXIT_FAILED)


func _test_files() -> PackedStringArray:
	var files: PackedStringArray = []
	for file: String in DirAccess.get_files_at(FOLDER):
		if file.begins_with("test_") and file.ends_with(".gd"):
			files.append(file)
	files.sort()
	return files


func _run_file(file: String) -> void:
	var script: GDScript = load(FOLDER.path_join(file))
	if script == null or not script.can_instantiate():
		_failed += 1
		print("FAIL  %s: the script does not load" % file)
		return
	for method: Dictionary in script.get_script_method_list():
		var method_name: String = method["name"]
		if method_name.begins_with("test_"):
			var test: EditorCase = script.new()
			_begin(test, "%s: %s" % [file.get_basename(), method_name])
			await Callable(test, method_name).call()
			_report(test)


func _begin(test: EditorCase, full_name: String) -> void:
	test.tree = get_tree()
	_running = full_name
	_test_started_ms = Time.get_ticks_msec()


func _report(test: EditorCase) -> void:
	if test.failures.is_empty():
		_passed += 1
		var seconds: float = (Time.get_ticks_msec() - _test_started_ms) / 1000.0
		print("ok    %s (%.2f s)" % [_running, seconds])
		return
	_failed += 1
	print("FAIL  %s" % _running)
	for failure: String in test.failures:
		print("      ", failure)
