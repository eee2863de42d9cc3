@tool
extends VBoxContainer
## The controls of the dock: what the server does, its buttons, its log, its settings.

const LocalServer := preload("local_server.gd")
const GameWindows := preload("game_windows.gd")
const PlayerSeeder := preload("player_seeder.gd")
const ServerLog := preload("server_log.gd")
const SceneUrl := preload("scene_url.gd")
const Settings := preload("server_settings.gd")

const _STATES: Dictionary[LocalServer.State, String] = {
	LocalServer.State.STOPPED: "Stopped",
	LocalServer.State.STARTING: "Starting…",
	LocalServer.State.RUNNING: "Running at %s",
	LocalServer.State.STOPPING: "Stopping…",
	LocalServer.State.FAILED: "It did not start, or has ended",
}
const _COLORS: Dictionary[LocalServer.State, StringName] = {
	LocalServer.State.STOPPED: &"disabled_font_color",
	LocalServer.State.STARTING: &"warning_color",
	LocalServer.State.RUNNING: &"success_color",
	LocalServer.State.STOPPING: &"warning_color",
	LocalServer.State.FAILED: &"error_color",
}
const _RESET_QUESTION: String = (
	"Delete all accounts, channels and lines of this project's own server?\n"
	+ "Only this database is deleted:\n%s"
)
const _WINDOWS: String = "Play with 2 windows"
const _CLOSE_WINDOWS: String = "Close the 2 windows"

var _server: LocalServer
var _windows: GameWindows
var _seeder := PlayerSeeder.new()
# Windows wait for the server that was started for them.
var _plays_when_running: bool = false

var _dot := Label.new()
var _state := Label.new()
var _start := _button("Start", "Run the server on this machine")
var _stop := _button("Stop", "Stop the server and close the 2 windows")
var _reset := _button("Reset…", "Delete all accounts and lines of this server")
var _use_here := _button(
	"Use here", "Set the url of each NetworkClient in the edited scene. Can be undone"
)
var _play := _button(_WINDOWS, "Run the game twice, with a remembered login each")
var _seed := _button("Seed players", "Register players to log in as")
var _open_folder := _button("Open folder", "Where the database of this server lies")
var _offered := CheckBox.new()
var _notice := Label.new()
var _log := ServerLog.new()
var _settings := Settings.new()
var _question := ConfirmationDialog.new()


func _init(server: LocalServer, windows: GameWindows) -> void:
	_server = server
	_windows = windows
	name = "LonghallDock"
	# The editor's own translation knows some of these words, and not the others.
	auto_translate_mode = Node.AUTO_TRANSLATE_MODE_DISABLED
	_name_controls()
	_arrange()
	_server.state_changed.connect(_on_server_state_changed)
	_server.logged.connect(_log.add_line)
	_windows.changed.connect(_show_state)
	_seeder.finished.connect(_on_seeder_finished)
	_start.pressed.connect(_server.start)
	_stop.pressed.connect(_on_stop_pressed)
	_reset.pressed.connect(_on_reset_pressed)
	_use_here.pressed.connect(_on_use_here_pressed)
	_play.pressed.connect(_on_play_pressed)
	_seed.pressed.connect(_on_seed_pressed)
	_open_folder.pressed.connect(_on_open_folder_pressed)
	_question.confirmed.connect(_on_question_confirmed)


func _ready() -> void:
	_show_state()


func _notification(what: int) -> void:
	if what == NOTIFICATION_THEME_CHANGED and is_node_ready():
		_show_state()


## Whether games that are played from the editor shall use the server while it runs.
func is_offered_to_games() -> bool:
	return _offered.button_pressed


static func _button(text: String, tip: String) -> Button:
	var button := Button.new()
	button.text = text
	button.tooltip_text = tip
	button.size_flags_horizontal = SIZE_EXPAND_FILL
	return button


static func _row(controls: Array[Control]) -> HBoxContainer:
	var row := HBoxContainer.new()
	for control: Control in controls:
		row.add_child(control)
	return row


# By these the tests find them.
func _name_controls() -> void:
	_state.name = "State"
	_start.name = "Start"
	_stop.name = "Stop"
	_reset.name = "Reset"
	_use_here.name = "UseHere"
	_play.name = "Play"
	_seed.name = "Seed"
	_offered.name = "Offered"
	_notice.name = "Notice"
	_settings.name = "Settings"
	_question.name = "Question"


func _arrange() -> void:
	_dot.text = "●"
	_state.size_flags_horizontal = SIZE_EXPAND_FILL
	_state.autowrap_mode = TextServer.AUTOWRAP_WORD_SMART
	_notice.visible = false
	_notice.autowrap_mode = TextServer.AUTOWRAP_WORD_SMART
	_offered.text = "Played games use this server"
	_offered.tooltip_text = "In place of the url in their scene, as long as the server runs here"
	_offered.button_pressed = true
	_question.title = "Reset the server"
	_question.ok_button_text = "Delete"
	add_child(_row([_dot, _state]))
	add_child(_row([_start, _stop]))
	add_child(_row([_reset, _open_folder]))
	add_child(_play)
	add_child(_row([_seed, _use_here]))
	add_child(_offered)
	add_child(_notice)
	add_child(_log)
	add_child(_settings)
	add_child(_question)
	add_child(_seeder)


func _show_state() -> void:
	var state: LocalServer.State = _server.state
	var text: String = _STATES[state]
	_state.text = text % _server.url if text.contains("%s") else text
	_dot.add_theme_color_override("font_color", get_theme_color(_COLORS[state], &"Editor"))
	_start.disabled = _server.has_process()
	_stop.disabled = (
		state == LocalServer.State.STOPPING or not (_server.has_process() or _windows.is_open())
	)
	_reset.disabled = state in [LocalServer.State.STARTING, LocalServer.State.STOPPING]
	_use_here.disabled = not _server.is_running()
	_seed.disabled = not _server.is_running()
	_play.text = _CLOSE_WINDOWS if _windows.is_open() else _WINDOWS
	_settings.visible = not _server.has_process()


func _say(text: String, is_trouble: bool = false) -> void:
	_notice.text = text
	_notice.visible = not text.is_empty()
	var color: StringName = &"error_color" if is_trouble else &"font_color"
	_notice.add_theme_color_override("font_color", get_theme_color(color, &"Editor"))


func _on_server_state_changed() -> void:
	match _server.state:
		LocalServer.State.STARTING:
			_log.begin_anew()
			_say("")
		LocalServer.State.RUNNING when _plays_when_running:
			_plays_when_running = false
			_open_windows()
		LocalServer.State.FAILED:
			_plays_when_running = false
			_say(_server.failure, true)
	_show_state()


func _on_stop_pressed() -> void:
	_plays_when_running = false
	_windows.close()
	_server.stop()


func _on_reset_pressed() -> void:
	_question.dialog_text = _RESET_QUESTION % LocalServer.folder()
	_question.popup_centered()


func _on_question_confirmed() -> void:
	var trouble: String = await _server.reset()
	_log.begin_anew()
	_say("The server begins anew." if trouble.is_empty() else trouble, not trouble.is_empty())
	_show_state()


func _on_use_here_pressed() -> void:
	_say(SceneUrl.apply(_server.url))


func _on_play_pressed() -> void:
	if _windows.is_open():
		_windows.close()
	elif _server.is_running():
		_open_windows()
	else:
		_plays_when_running = true
		_server.start()


func _open_windows() -> void:
	var scene: String = _scene_to_play()
	if scene.is_empty():
		_say("There is no main scene, and the edited scene is not saved yet.", true)
		return
	EditorInterface.save_all_scenes()
	var trouble: String = _windows.open(scene, _server.url)
	# Whom to log in as stays in view.
	if not trouble.is_empty():
		_say(trouble, true)


# The one that F5 plays; without one, the edited scene.
static func _scene_to_play() -> String:
	var main: String = ProjectSettings.get_setting("application/run/main_scene", "")
	var edited: Node = EditorInterface.get_edited_scene_root()
	if main.is_empty() and edited != null:
		return edited.scene_file_path
	return main


func _on_seed_pressed() -> void:
	_seed.disabled = true
	_seeder.seed_players(_server.url)


func _on_seeder_finished(trouble: String) -> void:
	if trouble.is_empty():
		var names: String = ", ".join(PlayerSeeder.PLAYERS)
		_say("Players: %s\nPassword: %s" % [names, PlayerSeeder.PASSWORD])
	else:
		_say("The players could not be registered: " + trouble, true)
	_show_state()


func _on_open_folder_pressed() -> void:
	DirAccess.make_dir_recursive_absolute(LocalServer.folder())
	OS.shell_show_in_file_manager(LocalServer.folder())
