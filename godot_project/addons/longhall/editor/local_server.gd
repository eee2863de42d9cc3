@tool
extends Node
## A Longhall server on this machine, for the project that is open in the editor.
##
## It lives no longer than the editor: it is told to stop when its starter is gone, whatever
## became of that.

## [member state] is another one.
signal state_changed

## The server has written a line, which is the last of [member lines].
signal logged(line: String)

enum State { STOPPED, STARTING, RUNNING, STOPPING, FAILED }

const Program := preload("server_program.gd")

## The port of a new [code]NetworkClient[/code]'s url.
const DEFAULT_PORT: int = 8081

## As many lines of the log are kept.
const MAX_LINES: int = 200

const _METADATA: String = "longhall"
const _DATABASE: String = "longhall.db"
const _LISTENING: String = " listening address="
const _START_LIMIT_MS: int = 20_000
## A server gives its players a few seconds to take their last lines.
const _STOP_LIMIT_MS: int = 8_000
## The editor itself waits no longer for it.
const _QUIT_LIMIT_MS: int = 2_000
const _POLL_MS: int = 10
const _FAILURE_LINES: int = 4
const _LINE_FEED: int = 10

## What the server does.
var state: State = State.STOPPED

## Where it listens, while it is [constant State.RUNNING].
var url: String = ""

## Why it is [constant State.FAILED], in words of its own where it has found some.
var failure: String = ""

## The last lines of its log.
var lines: PackedStringArray = []

var _pid: int = 0
var _deadline_ms: int = 0
var _pipes: Array[FileAccess] = []
# What each pipe has of a line that is not whole yet.
var _rests: Array[PackedByteArray] = []


func _ready() -> void:
	set_process(false)


func _process(_delta: float) -> void:
	_read_log()
	if not OS.is_process_running(_pid):
		# What it said between the two.
		_read_log()
		_on_ended()
	elif state == State.STARTING and Time.get_ticks_msec() > _deadline_ms:
		failure = "The server does not listen after %d seconds." % int(_START_LIMIT_MS / 1000.0)
		_kill()
	elif state == State.STOPPING and Time.get_ticks_msec() > _deadline_ms:
		_kill()


## Whether games can connect to it.
func is_running() -> bool:
	return state == State.RUNNING


## Whether there is a process, also one that only comes or goes.
func has_process() -> bool:
	return _pid != 0


## Its id in the system; 0 if there is none.
func process_id() -> int:
	return _pid


## Starts it, if there is none. [member state] tells what becomes of it.
func start() -> void:
	if has_process():
		return
	url = ""
	failure = ""
	lines.clear()
	var program: String = Program.find()
	if program.is_empty():
		_fail(Program.not_found())
		return
	if DirAccess.make_dir_recursive_absolute(folder()) != OK:
		_fail("The folder %s cannot be made." % folder())
		return
	var started: Dictionary = OS.execute_with_pipe(program, _arguments())
	if started.is_empty():
		_fail("%s cannot be started." % program)
		return
	_pid = started["pid"]
	_pipes.assign([started["stdio"], started["stderr"]])
	_rests.assign([PackedByteArray(), PackedByteArray()])
	_deadline_ms = Time.get_ticks_msec() + _START_LIMIT_MS
	set_process(true)
	_set_state(State.STARTING)


## Asks it to stop, and lets it say good-bye to its players.
func stop() -> void:
	if not has_process():
		_set_state(State.STOPPED)
		return
	if state == State.STOPPING:
		return
	_ask_to_stop()
	_deadline_ms = Time.get_ticks_msec() + _STOP_LIMIT_MS
	_set_state(State.STOPPING)


## As [method stop], and is back when there is no process any more.
func stop_and_wait() -> void:
	stop()
	while has_process():
		await state_changed


## Stops it at once: the editor ends. Nothing that a player was told to be kept is lost.
func quit() -> void:
	if not has_process():
		return
	_ask_to_stop()
	var deadline_ms: int = Time.get_ticks_msec() + _QUIT_LIMIT_MS
	while OS.is_process_running(_pid) and Time.get_ticks_msec() < deadline_ms:
		# Its log must not fill the pipe while nobody reads.
		_read_log()
		OS.delay_msec(_POLL_MS)
	if OS.is_process_running(_pid):
		OS.kill(_pid)
	_forget_process()
	state = State.STOPPED


## Deletes all accounts and lines of this server, and has it run again if it ran. Returns
## why it did not; empty if it did.
func reset() -> String:
	var was_running: bool = state in [State.STARTING, State.RUNNING]
	await stop_and_wait()
	var program: String = Program.find()
	if program.is_empty():
		return Program.not_found()
	if _is_used_by_another(program):
		return "Another editor runs a server on this project's database. Stop that one first."
	for file: String in DirAccess.get_files_at(folder()):
		if file.begins_with(_DATABASE):
			var path: String = folder().path_join(file)
			if DirAccess.remove_absolute(path) != OK:
				return "%s cannot be deleted." % path
	lines.clear()
	_set_state(State.STOPPED)
	if was_running:
		start()
	return ""


## Where the database lies: beside what the editor keeps of this project, which no version
## control has.
static func folder() -> String:
	var editors: String = EditorInterface.get_editor_paths().get_project_settings_dir()
	return ProjectSettings.globalize_path(editors.get_base_dir().path_join("longhall"))


## The port that it listens on; 0 for a free one each time.
static func port() -> int:
	var settings: EditorSettings = EditorInterface.get_editor_settings()
	var value: int = settings.get_project_metadata(_METADATA, "port", DEFAULT_PORT)
	return value


## Takes another port for the next start.
static func set_port(value: int) -> void:
	EditorInterface.get_editor_settings().set_project_metadata(_METADATA, "port", value)


## More options for the program, as they are typed in a shell.
static func options() -> String:
	var settings: EditorSettings = EditorInterface.get_editor_settings()
	var value: String = settings.get_project_metadata(_METADATA, "options", "")
	return value


## Takes other options for the next start.
static func set_options(value: String) -> void:
	EditorInterface.get_editor_settings().set_project_metadata(_METADATA, "options", value)


static func _database() -> String:
	return folder().path_join(_DATABASE)


static func _arguments() -> PackedStringArray:
	var arguments: PackedStringArray = [
		"--listen", "127.0.0.1:%d" % port(), "--database", _database()
	]
	# These tell us the url, whatever variables say.
	arguments.append_array(["--log", "info", "--log-format", "text", "--stop-with-starter"])
	arguments.append_array(options().split(" ", false))
	return arguments


# A file that another process has open can be deleted on Linux and macOS, under its feet.
static func _is_used_by_another(program: String) -> bool:
	if not FileAccess.file_exists(_database()):
		return false
	var output: Array[String] = []
	var asked: PackedStringArray = ["status", "--json", "--database", _database()]
	OS.execute(program, asked, output)
	var answer: Dictionary = {}
	# A database that cannot be opened is no answer: that is what a reset is for.
	var json := JSON.new()
	if not output.is_empty() and json.parse(output[0]) == OK and json.data is Dictionary:
		answer = json.data
	return answer.get("running") != null


func _ask_to_stop() -> void:
	# Any byte does. The end of the pipe would too, but games that the editor has started
	# since hold it open as well.
	_pipes[0].store_8(_LINE_FEED)
	_pipes[0].flush()


func _kill() -> void:
	# The engine waits for its end, and complains when it is asked for it again.
	OS.kill(_pid)
	_on_ended()


func _read_log() -> void:
	for i: int in _pipes.size():
		var length: int = _pipes[i].get_length()
		if length > 0:
			_rests[i].append_array(_pipes[i].get_buffer(length))
		var end: int = _rests[i].rfind(_LINE_FEED)
		if end < 0:
			continue
		var whole: String = _rests[i].slice(0, end).get_string_from_utf8()
		_rests[i] = _rests[i].slice(end + 1)
		for line: String in whole.split("\n"):
			_take(line.strip_edges(false, true))


func _take(line: String) -> void:
	lines.append(line)
	if lines.size() > MAX_LINES:
		lines = lines.slice(-MAX_LINES)
	logged.emit(line)
	var at: int = line.find(_LISTENING)
	if at >= 0 and state == State.STARTING:
		url = "ws://" + line.substr(at + _LISTENING.length()).get_slice(" ", 0)
		_set_state(State.RUNNING)


func _on_ended() -> void:
	var was_wanted: bool = state == State.STOPPING
	_forget_process()
	if was_wanted:
		_set_state(State.STOPPED)
	else:
		_fail(_last_words() if failure.is_empty() else failure)


# The last lines that are not about what goes on as it should.
func _last_words() -> String:
	var words: PackedStringArray = []
	for i: int in range(lines.size() - 1, -1, -1):
		if lines[i].contains(" INFO ") or words.size() == _FAILURE_LINES:
			break
		if not lines[i].is_empty():
			words.insert(0, lines[i])
	return "The server ended by itself." if words.is_empty() else "\n".join(words)


func _forget_process() -> void:
	_pid = 0
	url = ""
	_pipes.clear()
	_rests.clear()
	set_process(false)


func _fail(why: String) -> void:
	failure = why
	_set_state(State.FAILED)


func _set_state(value: State) -> void:
	state = value
	state_changed.emit()
